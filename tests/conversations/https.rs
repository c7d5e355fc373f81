//! As deployed: nothing goes over plain HTTP, and certificates count.

use local::Options;
use tests::scene::{KEY, Scene, commission};
use tests::text;
use tests::tls::Authority;

/// A scene whose platform and endpoint are behind TLS. `trusted` lets the
/// functions know the authority.
async fn behind_tls(authority: &Authority, trusted: bool) -> Scene {
    let scene = Scene::start().await;
    let endpoint = authority.front(&scene.endpoint.url()).await;
    let platform = authority.front(&scene.platform.v2_url()).await;
    scene.stage.stack.stop().await;
    let file = authority.file.to_str().unwrap().to_owned();
    let stage = tests::Stage::with(|options: &mut Options| {
        for (name, value) in [
            ("AllowPlainHttp", "no"),
            ("RewardEndpointUrl", &endpoint),
            ("FirstpromoterApiUrl", &platform),
        ] {
            options.parameters.insert(name.into(), value.into());
        }
        options.env.insert("RETRY_FIRST_MS".into(), "50".into());
        if trusted {
            options.env.insert("SSL_CERT_FILE".into(), file);
        }
    })
    .await;
    Scene { stage, platform: scene.platform, endpoint: scene.endpoint }
}

async fn announce(scene: &Scene) {
    scene.knows(88_901, 500);
    let event = commission("e1", "updated", 88_901, ("pending", "approved"), 1);
    assert_eq!(scene.commission(&event).await.0, 200);
}

/// Waits until a delivery was tried, and gives what it came to.
async fn first_try(scene: &Scene) -> String {
    text(&scene.until_it(KEY, |promise| !text(promise, "last").is_empty()).await, "last")
}

#[tokio::test]
async fn rewards_and_confirmations_go_over_https() {
    let authority = Authority::new("trusted");
    let scene = behind_tls(&authority, true).await;
    announce(&scene).await;
    scene.until(KEY, &["confirmed"]).await;
    assert_eq!(scene.granted()["88901"].len(), 1);
    assert!(scene.platform.commission(88_901).unwrap().fulfilled);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_nothing() {
    let authority = Authority::new("unknown");
    let scene = behind_tls(&authority, false).await;
    announce(&scene).await;
    assert_eq!(first_try(&scene).await, "no connection");
    assert_eq!(scene.endpoint.calls().len(), 0);
}

#[tokio::test]
async fn nothing_goes_over_plain_http_unless_that_is_allowed() {
    let scene = Scene::with(|options| {
        let parameters = &mut options.parameters;
        parameters.insert("AllowPlainHttp".into(), "no".into());
    })
    .await;
    announce(&scene).await;
    assert_eq!(first_try(&scene).await, "no connection");
    assert_eq!(scene.endpoint.calls().len(), 0);
}
