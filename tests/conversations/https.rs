//! As deployed: nothing goes over plain HTTP, and certificates count.

use tests::scene::{ID, KEY, Scene};
use tests::tls::Authority;
use tests::{Setup, Stage};

/// A scene whose platform and endpoint are behind TLS. `trusted` lets the
/// functions know the authority.
async fn behind_tls(authority: &Authority, trusted: bool) -> Scene {
    let scene = Scene::start().await;
    let endpoint = authority.front(&scene.endpoint.url()).await;
    let platform = authority.front(&scene.platform.v2_url()).await;
    scene.stage.stack.stop().await;
    let stage = Stage::with(|options| {
        options.set_parameters([
            ("AllowPlainHttp", "no"),
            ("RewardEndpointUrl", &endpoint),
            ("FirstpromoterApiUrl", &platform),
        ]);
        options.set_env([("RETRY_FIRST_MS", "50")]);
        if trusted {
            options.set_env([("SSL_CERT_FILE", authority.file.text())]);
        }
    })
    .await;
    Scene { stage, platform: scene.platform, endpoint: scene.endpoint }
}

/// Waits until a delivery was tried, and gives what it came to.
async fn first_try(scene: &Scene) -> String {
    scene.until_promise(KEY, |promise| promise.last.is_some()).await.text("last")
}

#[tokio::test]
async fn rewards_and_confirmations_go_over_https() {
    let authority = Authority::new();
    let scene = behind_tls(&authority, true).await;
    scene.confirm().await;
    scene.granted_once(ID);
    assert!(scene.platform_shows_fulfilled(ID));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_nothing() {
    let authority = Authority::new();
    let scene = behind_tls(&authority, false).await;
    scene.approve(ID).await;
    assert_eq!(first_try(&scene).await, "no connection");
    assert_eq!(scene.endpoint.calls().len(), 0);
}

#[tokio::test]
async fn nothing_goes_over_plain_http_unless_that_is_allowed() {
    let scene = Scene::with_parameters(&[("AllowPlainHttp", "no")]).await;
    scene.approve(ID).await;
    assert_eq!(first_try(&scene).await, "no connection");
    assert_eq!(scene.endpoint.calls().len(), 0);
}
