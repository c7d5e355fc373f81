//! Two people at the same promise at the same time, and what is in no bulk.

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::json;
use shared::wire::Timestamp;
use tests::OpsPage;
use tests::messages::commission_pk;
use tests::proxy::DynamoProxy;
use tests::scene::{ID, KEY, Scene, key};
use tests::webhooks::commission;

use crate::ops::{ops_at, park};
use crate::ops_page::{encoded, field};

/// The cause of what waits here.
const REASON: &str = "422 no_account";
const RESUME: &str = "/waiting/resume";

fn refused() -> EndpointFault {
    EndpointFault::Refuse { status: 422, reason: "no_account".into() }
}

/// What became of a resumption.
#[derive(Debug)]
struct Outcome {
    by: &'static str,
    won: bool,
    said: String,
}

/// Somebody before a page with a form that is filled in and was shown.
struct Person {
    name: &'static str,
    page: OpsPage,
    cookie: String,
    form: String,
}

impl Person {
    /// Opens a page of their own, and looks at what would become of the reward.
    async fn at(url: &str, name: &'static str) -> Self {
        let page = OpsPage::start(url, &["--allow-resume", name]).await;
        let cookie = page.enter().await;
        let cause = encoded(&[("reason", REASON), ("from", "requested")]);
        let shown = page.look(&cookie, &format!("/waiting?{cause}")).await.body;
        let (token, ticked) = (field(&shown, "token").unwrap(), field(&shown, "ticked").unwrap());
        let form = filled(&token, &[&ticked]);
        let preview = page.post(&cookie, "/waiting/preview", &form).await;
        assert!(preview.body.contains("1 reward of 1 would go on."), "{preview:?}");
        Self { name, page, cookie, form }
    }

    async fn resumes(&self) -> Outcome {
        let answer = self.page.post(&self.cookie, RESUME, &self.form).await;
        let won = answer.body.contains("1 reward of 1 went on.");
        assert_eq!(answer.status, if won { 200 } else { 409 }, "{answer:?}");
        Outcome { by: self.name, won, said: answer.body }
    }
}

/// A form with these rewards ticked.
fn filled(token: &str, ticked: &[&str]) -> String {
    let mut pairs = vec![
        ("token", token),
        ("reason", REASON),
        ("from", "requested"),
        ("because", "the account is made"),
    ];
    pairs.extend(ticked.iter().map(|ticked| ("ticked", *ticked)));
    encoded(&pairs)
}

/// `resume KEY`, in a terminal.
async fn command(url: &str, by: &'static str) -> Outcome {
    let said = ops_at(url, &["resume", KEY, "--by", by]).await;
    assert_eq!(said.code, i32::from(said.out.is_empty()), "{said:?}");
    Outcome { by, won: said.code == 0, said: said.err }
}

/// Lets the second resume it after the first has decided, and before the first has
/// written.
async fn one_into_the_other(
    proxy: &DynamoProxy,
    first: impl Future<Output = Outcome>,
    second: impl Future<Output = Outcome>,
) -> [Outcome; 2] {
    let held = proxy.hold(&commission_pk(ID));
    let mut other = None;
    let (first, in_time) =
        tokio::join!(first, held.meanwhile(async { other = Some(second.await) }));
    let second = other.unwrap();
    // A client that gives its call up makes it anew, and may be first after all.
    assert!(!in_time || (second.won && first.said.contains("changed meanwhile")), "{first:?}");
    [first, second]
}

/// One of the two went on, the other is told so; the promise knows of one, and the reward
/// is given once.
async fn assert_one_won(scene: &Scene, [one, other]: [Outcome; 2]) {
    let (won, lost) = if one.won { (one, other) } else { (other, one) };
    assert!(won.won && !lost.won, "{won:?} {lost:?}");
    assert!(lost.said.contains(&format!("{} resumed it at ", won.by)), "{lost:?}");
    let confirmed = scene.until_state(KEY, "confirmed").await;
    let words = confirmed["words"].as_array().unwrap();
    assert_eq!((words.len(), &words[0]["by"]), (1, &json!(won.by)), "{confirmed}");
    let log = confirmed["log"]["entries"].as_array().unwrap().iter();
    let by = log.map(|entry| entry["by"].as_str().unwrap());
    let operators: Vec<&str> = by.filter(|by| by.starts_with("operator ")).collect();
    assert_eq!(operators, [format!("operator {}", won.by)]);
    // The one that was refused, and the one that gave it.
    assert_eq!(scene.raw_calls(KEY), 2);
    scene.granted_once(ID);
}

#[tokio::test]
async fn of_two_pages_that_let_the_same_reward_go_on_one_does() {
    let (scene, proxy) = DynamoProxy::before_scene().await;
    park(&scene, refused()).await;
    let url = proxy.url();
    let (jane, joe) = tokio::join!(Person::at(&url, "jane"), Person::at(&url, "joe"));
    let both = one_into_the_other(&proxy, jane.resumes(), joe.resumes()).await;
    assert_one_won(&scene, both).await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_is_done_once() {
    let scene = Scene::start().await;
    park(&scene, refused()).await;
    let jane = Person::at(&scene.stage.stack.dynamodb, "jane").await;
    let both = tokio::join!(jane.resumes(), jane.resumes());
    assert_one_won(&scene, both.into()).await;
}

#[tokio::test]
async fn of_a_command_and_a_page_one_goes_through_whichever_is_first() {
    for command_first in [true, false] {
        let (scene, proxy) = DynamoProxy::before_scene().await;
        park(&scene, refused()).await;
        let url = proxy.url();
        let jane = Person::at(&url, "jane").await;
        let both = if command_first {
            one_into_the_other(&proxy, command(&url, "joe"), jane.resumes()).await
        } else {
            one_into_the_other(&proxy, jane.resumes(), command(&url, "joe")).await
        };
        assert_one_won(&scene, both).await;
    }
}

/// How a form names a reward that waits.
async fn choice(scene: &Scene, key: &str) -> String {
    let promise = scene.promise(key).await;
    let since: Timestamp = serde_json::from_value(promise["parked"]["at"].clone()).unwrap();
    format!("{} {} {key}", since.ms(), promise["version"].to_string().trim_matches('"'))
}

/// Whether others still wait for the same or not.
#[tokio::test]
async fn who_comes_later_is_told_who_was_first_and_of_each_that_was_ticked() {
    let scene = Scene::start().await;
    scene.endpoint.inject(Fault::of(refused()).times(3));
    let keys = [41, 42, 43].map(key);
    let mut choices = Vec::new();
    for id in [41, 42, 43] {
        scene.approve(id).await;
        scene.until_state(&key(id), "parked").await;
        choices.push(choice(&scene, &key(id)).await);
    }
    let rita = OpsPage::start(&scene.stage.stack.dynamodb, &["--allow-resume", "rita"]).await;
    let cookie = rita.enter().await;
    let cause = encoded(&[("reason", REASON), ("from", "requested")]);
    let shown = rita.look(&cookie, &format!("/waiting?{cause}")).await.body;
    let token = field(&shown, "token").unwrap();
    let form = |of: &[usize]| {
        let ticked: Vec<&str> = of.iter().map(|one| choices[*one].as_str()).collect();
        filled(&token, &ticked)
    };
    let says = async |path: &str, form: &str, status: u16, parts: &[&str]| {
        let answer = rita.post(&cookie, path, form).await;
        assert_eq!(answer.status, status, "{answer:?}");
        for part in parts {
            assert!(answer.body.contains(part), "{part} is not in\n{}", answer.body);
        }
        answer.body
    };
    let (preview, by) = ("/waiting/preview", "; jane resumed it at ");
    let jane = async |key: &str| {
        ops_at(&scene.stage.stack.dynamodb, &["resume", key, "--by", "jane"]).await.succeeds();
        scene.until_state(key, "confirmed").await;
    };
    jane(&keys[0]).await;
    let gone = "left: it is not parked, but confirmed; jane resumed it at ";
    let two = form(&[0, 1]);
    let of_two = ["1 reward of 2 would go on.", &keys[0], gone, &keys[1], "1 other reward waits"];
    let shown = says(preview, &two, 200, &of_two).await;
    assert_eq!(shown.matches("name=\"ticked\"").count(), 1, "{shown}");
    let of_one = ["0 rewards of 1 would go on.", &keys[0], gone, "2 other rewards wait"];
    says(preview, &form(&[0]), 409, &of_one).await;
    says(RESUME, &form(&[0, 0]), 409, &["0 rewards of 1 went on.", &keys[0], by]).await;
    says(RESUME, &two, 200, &["1 reward of 2 went on.", &keys[0], gone, &keys[1]]).await;
    // The last of the cause.
    jane(&keys[2]).await;
    for path in [preview, RESUME] {
        says(path, &form(&[2]), 409, &["0 rewards of 1 w", &keys[2], gone]).await;
    }
    let made_up = filled(&token, &["1 firstpromoter:1:1", "soon"]);
    let nothing = ["0 rewards of 2 went on.", "left: there is no such promise"];
    says(RESUME, &made_up, 409, &nothing).await;
}

/// Of two with one cause, nobody knows what the last call of the second came to.
#[tokio::test]
async fn a_form_that_names_what_nobody_knows_leaves_it_and_takes_the_rest() {
    let scene = Scene::start().await;
    scene.endpoint.inject(Fault::of(refused()).times(2));
    for id in [41, 42] {
        scene.approve(id).await;
        scene.until_state(&key(id), "parked").await;
    }
    let (known, unknown) = (key(41), key(42));
    let (pk, sk) = (commission_pk(42), tests::messages::promise_sk(1));
    let doubt = |item: &mut serde_json::Value| {
        item["parked"]["M"]["unknown"] = json!({ "BOOL": true });
    };
    scene.stage.edit_item(&pk, &sk, doubt).await;
    let before = scene.stage.raw_item(&pk, &sk).await.unwrap();
    let page = OpsPage::start(&scene.stage.stack.dynamodb, &["--allow-resume", "jane"]).await;
    let cookie = page.enter().await;
    let cause = encoded(&[("reason", REASON), ("from", "requested")]);
    let shown = page.look(&cookie, &format!("/waiting?{cause}")).await.body;
    assert_eq!(shown.matches("name=\"ticked\"").count(), 1, "{shown}");
    let token = field(&shown, "token").unwrap();
    // As the page would name it, if it did.
    let made_up = choice(&scene, &unknown).await;
    let takes = field(&shown, "ticked").unwrap();
    let left = "left: nobody knows what its last call came to";

    let alone = filled(&token, &[&made_up]);
    let preview = page.post(&cookie, "/waiting/preview", &alone).await;
    assert!(preview.body.contains("0 rewards of 1 would go on."), "{preview:?}");
    assert!(preview.body.contains(left) && !preview.body.contains("<form action=\"/waiting"));
    let refused = page.post(&cookie, RESUME, &alone).await;
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("0 rewards of 1 went on.") && refused.body.contains(left));
    assert_eq!(scene.promise(&known).await.state, "parked");

    for (to, form) in [
        ("/waiting/preview", format!("{alone}&all=yes")),
        (RESUME, filled(&token, &[&takes, &made_up])),
    ] {
        let done = page.post(&cookie, to, &form).await;
        assert!(done.body.contains(left), "{done:?}");
        assert_eq!(scene.stage.raw_item(&pk, &sk).await.unwrap(), before);
    }
    scene.until_state(&known, "confirmed").await;
    assert_eq!((scene.raw_calls(&known), scene.raw_calls(&unknown)), (2, 1));
    assert_eq!(scene.stage.raw_item(&pk, &sk).await.unwrap(), before);
}

/// An event that came after the look is none that the person knows of.
#[tokio::test]
async fn what_changed_since_it_was_shown_is_left_to_another_look() {
    let scene = Scene::start().await;
    park(&scene, refused()).await;
    let person = Person::at(&scene.stage.stack.dynamodb, "jane").await;
    let shown = scene.promise(KEY).await;
    scene.post(&commission(ID).edited("approved").amount(700).second(50)).await.is(200);
    let changed = scene.promise(KEY).await;
    assert_eq!(changed["parked"], shown["parked"], "it still waits for the same");
    assert_ne!(changed["version"], shown["version"], "it has heard of it");
    let outcome = person.resumes().await;
    assert!(!outcome.won, "{outcome:?}");
    assert!(outcome.said.contains("left: it waits still, but changed"), "{outcome:?}");
    assert_eq!(scene.promise(KEY).await["version"], changed["version"]);
    // Nor is it enough to say all without a look.
    let all = [&person.form[..], "&all=yes"].concat();
    let refused = person.page.post(&person.cookie, RESUME, &all).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let again = Person::at(&scene.stage.stack.dynamodb, "jane").await;
    assert!(again.resumes().await.won);
}
