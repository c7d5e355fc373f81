//! A request as a command of the shell.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::play::sign::{SignError, body};
use crate::stage::client;

/// What comes between the parts of a command, each on a line of its own.
const NEXT: &str = " \\\n  ";

/// The curl command that sends a payload 2.0 event to `base`, as a POSIX shell takes
/// it.
///
/// # Errors
/// [`SignError::Incomplete`] when its body says base64 and is not.
pub(crate) fn curl(event: &Value, base: &str) -> Result<String, SignError> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let method = text("/requestContext/http/method");
    let mut parts = vec![format!("curl -i -X {method} {}", quoted(&client::url(event, base)))];
    for (name, value) in client::headers(event) {
        parts.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
    }
    let bytes = body(event)?;
    Ok(match String::from_utf8(bytes) {
        // A text that begins with @ would be the name of a file to --data.
        Ok(text) if !text.contains('\0') => {
            parts.push(format!("--data-raw {}", quoted(&text)));
            parts.join(NEXT)
        }
        // No argument can hold it.
        text => {
            let bytes =
                text.map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
            parts.push("--data-binary @-".to_owned());
            format!("printf %s {} | base64 -d | {}", STANDARD.encode(bytes), parts.join(NEXT))
        }
    })
}

/// A text as one word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(body: &str, base64: bool) -> Value {
        json!({
            "rawPath": "/webhooks/x",
            "rawQueryString": "a=1",
            "headers": { "content-length": "3", "host": "h", "x-signature": "it's" },
            "requestContext": { "http": { "method": "POST" } },
            "body": body,
            "isBase64Encoded": base64,
        })
    }

    #[test]
    fn a_request_is_a_command_with_every_text_in_quotes() {
        let command = curl(&event(r#"{"a": "it's"}"#, false), "http://127.0.0.1:3000").unwrap();
        let expected = r#"curl -i -X POST 'http://127.0.0.1:3000/webhooks/x?a=1' \
  -H 'x-signature: it'\''s' \
  --data-raw '{"a": "it'\''s"}'"#;
        assert_eq!(command, expected);
    }

    #[test]
    fn bytes_that_are_no_text_come_through_a_pipe() {
        let command = curl(&event("//4=", true), "http://127.0.0.1:3000").unwrap();
        assert!(command.starts_with("printf %s //4= | base64 -d | curl -i "), "{command}");
        assert!(command.ends_with("--data-binary @-"), "{command}");
    }
}
