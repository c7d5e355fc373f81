//! The page in a real browser, without scripts.

use std::io::Write;
use std::path::Path;

use local::fakes::Fault;
use local::fakes::endpoint::EndpointFault;
use serde_json::{Value, json};
use tests::browser::{Browser, chromium};
use tests::scene::Scene;
use tests::{OpsPage, Setup, Workspace};

use crate::ops::json as told;
use crate::samples;

/// The ends of a page at which it must not be scrolled sideways, in pixels.
const WIDTHS: [u32; 2] = [360, 1280];
/// Height of the browser's window.
const HEIGHT: u32 = 900;
/// Width and most height of the pictures in docs/.
const PICTURE: (u32, u32) = (1000, 900);
/// Everything that a person can come to.
const STOPS: &str =
    "document.querySelectorAll('a[href],button,input:not([type=hidden]),[tabindex=\"0\"]')";
/// The texts that are hard to read: less than 4.5 to 1 (WCAG 2.2, 1.4.3).
const FAINT: &str = r"(() => {
  const parts = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((of) => of / 255)
    .map((of) => of <= 0.04045 ? of / 12.92 : ((of + 0.055) / 1.055) ** 2.4)
    .reduce((sum, of, n) => sum + of * [0.2126, 0.7152, 0.0722][n], 0);
  const paper = (of) => {
    for (; of; of = of.parentElement) {
      const colour = parts(getComputedStyle(of).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const own = (of) => [...of.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return [...document.querySelectorAll('body *')].filter(own).filter((of) => {
    const [a, b] = [light(parts(getComputedStyle(of).color)), light(paper(of))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map((of) => of.outerHTML.slice(0, 120));
})()";

/// What the browser has to say of a page.
const MESSAGES: [&str; 4] =
    ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Audits.issueAdded"];

/// The samples, played while the endpoint once gives and does not answer.
async fn played() -> Scene {
    let scene = samples::scene(|options| {
        options.set_parameters([("RewardEndpointIdempotent", "no")]);
    })
    .await;
    scene.endpoint.inject(Fault::of(EndpointFault::DropsReply).times(1));
    samples::play(&scene).await;
    scene
}

#[tokio::test]
async fn each_screen_is_whole_in_a_browser_without_scripts() {
    let Some(program) = chromium() else {
        assert!(std::env::var_os("REQUIRE_BROWSER").is_none(), "no chromium is in PATH");
        let says = "no chromium is in PATH: the pages were NOT tried in a browser";
        writeln!(std::io::stderr(), "{says}").unwrap();
        return;
    };
    let scene = played().await;
    let parked = tests::patience::eventually("a parked reward", async || {
        let parked = told(&scene, &["parked"]).await["parked"].as_array()?.first()?.clone();
        Some(parked)
    })
    .await;
    let key = parked["key"].as_str().unwrap();
    let found = told(&scene, &["find", key]).await;
    let reward = &found["objects"][0]["rewards"][0];
    let (provider, id) = (key.split(':').next().unwrap(), key.split(':').nth(1).unwrap());
    let affiliate = reward["affiliate_id"].as_str().unwrap();
    let kind = found["objects"][0]["partition"].as_str().unwrap().split('#').nth(1).unwrap();
    let story = format!("/story/{provider}/{kind}/{id}");
    let person = format!("/affiliate/{provider}/{affiliate}");
    let cause = "/waiting?reason=unknown_outcome&from=requested".to_owned();
    // What is kept of its first event.
    let show = told(&scene, &["story", provider, kind, id]).await["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|happening| happening["identity"].as_str().map(str::to_owned));
    let show = format!("/show/{provider}/{kind}/{id}?event={}", show.unwrap());
    let stack = &scene.stage.stack;
    let folder = Workspace::of(stack);
    let may = ["--allow-resume", "jane"];
    let page = OpsPage::start_in(folder.path(), &stack.dynamodb, &may).await;
    let mut browser = Browser::start(program).await;
    browser.open(&page.address).await;
    assert_eq!(browser.value("location.search").await, "", "the key stays in no address");
    for (name, path) in [
        ("now", "/".to_owned()),
        ("person", person),
        ("story", story.clone()),
        ("waiting", "/waiting".to_owned()),
        ("cause", cause),
        ("inbox", "/inbox".to_owned()),
        ("show", show),
        ("wiring", "/wiring".to_owned()),
        ("find", format!("/find?q={id}")),
    ] {
        let address = format!("http://{}{path}", page.host);
        for (width, dark) in WIDTHS.into_iter().flat_map(|of| [(of, false), (of, true)]) {
            browser.screen(width, HEIGHT, dark).await;
            browser.happened();
            browser.open(&address).await;
            fits(&mut browser, &format!("{name} at {width}, dark {dark}")).await;
        }
        quiet(&browser.happened(), &page.host, name);
        named(&mut browser, name).await;
        reached(&mut browser, name).await;
        if std::env::var_os("UPDATE_DOCS").is_some() && ["now", "person", "story"].contains(&name) {
            let (width, most) = PICTURE;
            // A page that is shorter than the window is as high as that.
            browser.screen(width, 100, false).await;
            browser.open(&address).await;
            let height = browser.value("document.documentElement.scrollHeight").await;
            let height = u32::try_from(height.as_u64().unwrap()).unwrap().min(most);
            browser.screen(width, height, false).await;
            let picture = browser.picture(width, height).await;
            let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
            std::fs::write(docs.join(format!("page-{name}.png")), picture).unwrap();
        }
    }
    // From the inbox to a body, by keyboard alone.
    browser.open(&format!("http://{}/inbox", page.host)).await;
    while !browser
        .value("document.activeElement.href || ''")
        .await
        .as_str()
        .unwrap()
        .contains("/show/")
    {
        browser.press("Tab").await;
    }
    browser.press("Enter").await;
    browser.loaded().await;
    let heading = browser.value("document.querySelector('h2').innerText").await;
    assert_eq!(heading, "The body as it is kept");
    // Any id, by keyboard alone.
    browser.open(&format!("http://{}/", page.host)).await;
    while browser.value("document.activeElement.id").await != "q" {
        browser.press("Tab").await;
    }
    browser.types(key).await;
    browser.press("Enter").await;
    browser.loaded().await;
    assert_eq!(browser.value("location.pathname").await, "/find");
    let text = browser.value("document.querySelector('main').innerText").await;
    assert!(text.as_str().unwrap().contains(key), "{text}");
}

/// Nothing is cut off at the side, and everything can be read.
async fn fits(browser: &mut Browser, what: &str) {
    let wide = browser.value("document.documentElement.scrollWidth - innerWidth").await;
    assert!(wide.as_i64().unwrap() <= 0, "{what}: {wide} too wide");
    assert_eq!(browser.value(FAINT).await, json!([]), "{what}: hard to read");
}

/// No message of the browser's, and no request to anybody else.
fn quiet(events: &[Value], host: &str, what: &str) {
    let own = format!("http://{host}/");
    for event in events {
        let method = event["method"].as_str().unwrap_or_default();
        assert!(!MESSAGES.contains(&method), "{what}: {event}");
        if method == "Network.requestWillBeSent" {
            let url = event["params"]["request"]["url"].as_str().unwrap();
            assert!(url.starts_with(&own), "{what}: {url}");
        }
    }
}

/// Whoever does not see the page is told what each part of it is.
async fn named(browser: &mut Browser, what: &str) {
    let tree = browser.call("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array().unwrap();
    let of = |role: &str| {
        let nodes = nodes.iter().filter(|node| node["ignored"] == false);
        nodes.filter(|node| node["role"]["value"] == role).cloned().collect::<Vec<_>>()
    };
    for role in ["main", "navigation", "heading", "search"] {
        assert!(!of(role).is_empty(), "{what}: no {role}");
    }
    for role in ["link", "button", "textbox", "checkbox", "table", "image"] {
        for node in of(role) {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.is_empty(), "{what}: {node}");
        }
    }
}

/// Each link, button and field is come to with the tabulator.
async fn reached(browser: &mut Browser, what: &str) {
    let stops = browser.value(&format!("{STOPS}.length")).await.as_u64().unwrap();
    let here = format!("[...{STOPS}].indexOf(document.activeElement)");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..stops * 2 {
        browser.press("Tab").await;
        seen.extend(browser.value(&here).await.as_i64().filter(|stop| *stop >= 0));
    }
    assert_eq!(seen.len() as u64, stops, "{what}: {seen:?}");
}
