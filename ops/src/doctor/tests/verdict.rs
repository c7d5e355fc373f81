//! Tests of the verdict on captures that do not have everything, and of the words for
//! what a refused request lacks.

use shared::receive::log::Outcome;

use super::*;

/// What is said, in one line.
fn told(diagnosis: &Diagnosis) -> String {
    diagnosis.text().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_a_capture_does_not_have_is_taken_to_be_right_and_said() {
    for (name, of_time) in [(SIGNED, false), (TIMED, true), (ROUTED, false)] {
        let sent = sample(name);
        let bare = Captured { path: String::new(), method: None, at: None, ..sent.clone() };
        let diagnosis = diagnose(&bare, &development(), &Limits::default(), sent.at.unwrap());
        // Also by a secret that is bound to one event, where only the address names it.
        assert!(diagnosis.fits(), "{diagnosis:?}");
        assert_eq!((diagnosis.event.is_none(), diagnosis.status), (name == ROUTED, 200));
        let assumed =
            ["the address is not in the capture", "taken to be POST", "--at says another"];
        for (n, part) in assumed.iter().enumerate() {
            let is_said = diagnosis.assumed.iter().any(|one| one.contains(part));
            assert_eq!(is_said, n < 2 || of_time, "{part} {diagnosis:?}");
            assert_eq!(told(&diagnosis).contains(part), is_said);
        }
        assert!(diagnosed(&sent).assumed.is_empty());
    }
    let mut webhooks = development();
    webhooks["firstpromoter"] =
        json!({ "basic": [{ "user": "u", "password": "password-of-tests" }] });
    let mut captured = Captured { path: String::new(), ..sample(SIGNED) };
    captured.headers.remove(header(SIGNED));
    let value = format!("Basic {}", STANDARD.encode("u:password-of-tests"));
    set(&mut captured, "authorization", &value);
    let diagnosis = diagnose(&captured, &webhooks, &Limits::default(), captured.at.unwrap());
    assert_eq!(diagnosis.secret.as_deref(), Some("basic[0]"), "{diagnosis:?}");
}

#[test]
fn a_request_for_no_route_is_refused_whatever_vouches_for_it() {
    let right = sample(SIGNED);
    let path = right.path.clone();
    for (method, path, note) in [
        ("GET", path.clone(), "the method is GET, and only POST has a route"),
        ("POST", "/hooks".into(), "the path is no address of any provider"),
        ("POST", format!("/prod{path}"), "has something else before that"),
        ("POST", path.replace("/webhooks", "/webhooks/"), "has something else before that"),
    ] {
        let captured = Captured { method: Some(method.into()), path, ..right.clone() };
        let diagnosis = diagnosed(&captured);
        let verdict = (diagnosis.fits, diagnosis.outcome, diagnosis.status, diagnosis.reason);
        assert_eq!(verdict, (false, Outcome::NotFound, 404, None), "{diagnosis:?}");
        let text = told(&diagnosis);
        assert!(text.contains(note), "{text}");
        assert!(
            text.contains("but for that it fits: firstpromoter, by the secret hmac[0]"),
            "{text}"
        );
        assert!(
            text.starts_with(
                "It is refused: firstpromoter, commission.approved, not_found. The answer is 404."
            ),
            "{text}"
        );
        keeps_quiet(&text, &captured);
        // What else is wrong is found all the same.
        let mut changed = captured.clone();
        changed.body.push(b'\n');
        changed.headers.remove("content-length");
        let diagnosis = diagnosed(&changed);
        assert_eq!(diagnosis.near[0].misses, [Miss::NewlineAdded], "{diagnosis:?}");
        assert!(told(&diagnosis).contains("refused at its address too: no_secret_matches"));
    }
    let captured = Captured { method: Some("GET".into()), ..sample("uppromote-subscription-ping") };
    assert!(told(&diagnosed(&captured)).contains("but for that it fits: a ping of uppromote"));
}

#[test]
fn the_words_fit_what_the_request_lacks() {
    let mut unsigned = sample(SIGNED);
    unsigned.headers.remove(header(SIGNED));
    let nowhere = Captured { path: String::new(), ..unsigned.clone() };
    let not_base64 = Captured { not_base64: true, body: b"%".to_vec(), ..sample(SIGNED) };
    let mut short = sample(SIGNED);
    set(&mut short, header(SIGNED), "abcdef");
    let mut odd = sample(TIMED);
    set(&mut odd, header(TIMED), "t=now");
    let development = development();
    let mut of_two = development.clone();
    of_two["firstpromoter"]["basic"] = json!([{ "user": "u", "password": "password-of-tests" }]);
    let mut every = of_two.clone();
    every["firstpromoter"]["policy"] = json!("all");
    let mut with_password = unsigned.clone();
    set(&mut with_password, "authorization", &format!("Basic {}", STANDARD.encode("u:another")));
    let mut basic = development.clone();
    basic["firstpromoter_v1"] = json!({ "basic": of_two["firstpromoter"]["basic"] });
    for (captured, webhooks, reason, words) in [
        (
            &unsigned,
            &development,
            Reason::Missing,
            "no signature was sent (in x-webhook-signature).",
        ),
        (
            &unsigned,
            &of_two,
            Reason::Missing,
            "(in x-webhook-signature), and no Basic credentials were sent.",
        ),
        (&sample(TOKEN), &basic, Reason::Missing, "Note: no Basic credentials were sent."),
        (
            &nowhere,
            &development,
            Reason::Missing,
            "no signature was sent (in x-uppromote-signature or x-affonso-signature or \
             x-webhook-signature)",
        ),
        (
            &not_base64,
            &development,
            Reason::NotBase64,
            "says that its body is base64, and it is not",
        ),
        (&short, &development, Reason::Length, "hex of a wrong length"),
        (&odd, &development, Reason::Malformed, "no signature of the provider's form"),
        (
            &with_password,
            &of_two,
            Reason::NoSecretMatches,
            "the credentials that were sent are none of",
        ),
        (&sample(SIGNED), &every, Reason::NotEveryMethod, "policy all wants every one"),
    ] {
        let diagnosis = diagnose(captured, webhooks, &Limits::default(), captured.at.unwrap());
        assert_eq!((diagnosis.reason, diagnosis.status), (Some(reason), 401), "{diagnosis:?}");
        let text = told(&diagnosis);
        assert!(text.contains(words), "{words} is not in {text}");
        assert!(!text.contains("a key that is not here"), "{text}");
        keeps_quiet(&text, captured);
    }
    let text = told(&diagnose(&nowhere, &development, &Limits::default(), nowhere.at.unwrap()));
    assert!(text.starts_with("It is refused: no provider, missing."), "{text}");
}

#[test]
fn a_body_that_is_let_in_and_cannot_be_read_is_refused() {
    let mut captured = sample(SIGNED);
    captured.body = b"{\"event_id\":\"secret-value\",".to_vec();
    captured.headers.remove("content-length");
    sign(&mut captured, SIGNED, key(SIGNED).as_bytes());
    let diagnosis = diagnosed(&captured);
    assert_eq!(
        (diagnosis.fits, diagnosis.status, diagnosis.outcome),
        (false, 400, Outcome::Quarantined)
    );
    let text = told(&diagnosis);
    assert!(
        text.contains("It is let in by the secret hmac[0], and its body cannot be read: body: "),
        "{text}"
    );
    assert!(!format!("{text}{diagnosis:?}").contains("secret-value"), "{text}");
}

#[test]
fn a_time_in_milliseconds_is_named_whatever_was_signed() {
    let mut captured = sample(TIMED);
    let time = captured.at.unwrap().ms().to_string();
    let right = mac(key(TIMED).as_bytes(), Some(&time), &captured.body);
    for (signature, reason) in [(right, Reason::TooFarAhead), ([7; 32], Reason::NoSecretMatches)] {
        set(&mut captured, header(TIMED), &format!("t={time},v1={}", hex::encode(signature)));
        let diagnosis = diagnosed(&captured);
        let text = told(&diagnosis);
        assert_eq!(diagnosis.reason, Some(reason), "{text}");
        assert_eq!(text.matches("its time is in milliseconds").count(), 1, "{text}");
        assert!(!text.contains("s ahead: at most"), "{text}");
        // No age beside that, as if it were right.
        assert_eq!(diagnosis.age_seconds, None, "{text}");
        assert!(!text.contains("before it came in"), "{text}");
    }
}

#[test]
fn dots_in_the_place_of_other_bytes_are_told_where_nothing_fits() {
    let lost = |dots| {
        let mut captured = Captured { dots, ..sample(SIGNED) };
        captured.body[20] = b'.';
        told(&diagnosed(&captured))
    };
    assert!(lost(3).contains("from a dump of curl --trace-ascii, and has 3 dots"), "{}", lost(3));
    assert!(!lost(0).contains("trace-ascii"));
    let fits = told(&diagnosed(&Captured { dots: 3, ..sample(SIGNED) }));
    assert!(!fits.contains("trace-ascii"), "{fits}");
}
