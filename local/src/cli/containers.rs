//! What the SAM CLI needs so that functions in its containers use the engines and the
//! fakes of this run: a file for its options and one for the functions' variables.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};

use crate::error::LocalError;
use crate::stage::Stack;

/// The commands, as they are printed and as events/README.md has them.
pub(super) const COMMANDS: [&str; 4] = [
    "sam build --config-file .local/sam.toml",
    "sam local invoke PayoutsFunction -e events/uppromote-payment-paid.json --config-file .local/sam.toml",
    "cargo local event affonso-payout-paid | sam local invoke PayoutsFunction -e - --config-file .local/sam.toml",
    "sam local start-api --config-file .local/sam.toml",
];

/// What a container calls the machine that it runs on.
const HOST: &str = "host.docker.internal";

/// What `--bind` takes: one address, so that nobody opens the engines to every network
/// that the machine is in.
pub(super) fn one_address(text: &str) -> Result<IpAddr, String> {
    let address: IpAddr = text.parse().map_err(|_| "must be an IP address".to_owned())?;
    if address.is_unspecified() {
        return Err("must be one address of this machine, such as that of docker0: \
                    it opens what asks for no password"
            .to_owned());
    }
    Ok(address)
}

/// The warning about an address; none about loopback.
pub(super) fn warning(address: IpAddr) -> Option<String> {
    (!address.is_loopback()).then(|| {
        format!(
            "warning: whoever reaches {address} can read and change everything here; \
             nothing asks for a password"
        )
    })
}

/// The address of a server by its URL.
pub(super) fn server(url: &str) -> Option<SocketAddr> {
    let authority = url.strip_prefix("http://")?.split('/').next()?;
    authority.parse().ok()
}

/// Writes both files into a folder.
pub(super) fn write(folder: &Path, stack: &Stack) -> Result<(), LocalError> {
    let env = folder.join("env.json");
    let variables = format!("{:#}\n", variables(&stack.environments));
    let io = |source| LocalError::Io { what: folder.display().to_string(), source };
    fs::create_dir_all(folder).map_err(io)?;
    fs::write(&env, variables).map_err(io)?;
    fs::write(folder.join("sam.toml"), options(&env)).map_err(io)
}

/// The variables of every function, with this machine as a container calls it. The SAM
/// CLI would leave those empty that depend on a condition, and would not know the queues.
fn variables(environments: &BTreeMap<String, BTreeMap<String, String>>) -> Value {
    let here = format!("http://{}:", std::net::Ipv4Addr::LOCALHOST);
    let there = format!("http://{HOST}:");
    let of_all = environments.iter().map(|(function, environment)| {
        let variables = environment
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.replace(&here, &there))));
        (function.clone(), variables.collect())
    });
    Value::Object(of_all.collect())
}

/// Options of the SAM CLI.
fn options(env: &Path) -> String {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    // A path as a text of TOML, which are those of JSON.
    let env = json!(env.to_string_lossy());
    let local = format!("env_vars = {env}\nadd_host = [\"{HOST}:host-gateway\"]\n");
    format!(
        "# Written by cargo local, for this machine and this run.\n\
         version = 0.1\n\n\
         [default.global.parameters]\n\
         parameter_overrides = [\"Architecture={architecture}\"]\n\n\
         [default.local_invoke.parameters]\n{local}\n\
         [default.local_start_api.parameters]\n{local}\
         port = 3001\n\
         warm_containers = \"LAZY\"\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_is_taken_and_all_of_them_are_not() {
        assert_eq!(one_address("172.17.0.1"), Ok(IpAddr::from([172, 17, 0, 1])));
        for (wrong, said) in [
            ("0.0.0.0", "must be one address"),
            ("::", "must be one address"),
            ("docker0", "must be an IP"),
        ] {
            assert!(one_address(wrong).unwrap_err().contains(said), "{wrong}");
        }
    }

    #[test]
    fn whoever_opens_a_door_is_warned() {
        assert_eq!(warning(IpAddr::from([127, 0, 0, 1])), None);
        assert!(warning(IpAddr::from([172, 17, 0, 1])).unwrap().contains("172.17.0.1"));
    }

    #[test]
    fn a_server_is_found_by_its_url() {
        let expected = SocketAddr::from(([127, 0, 0, 1], 8_000));
        assert_eq!(server("http://127.0.0.1:8000/api/v2/company"), Some(expected));
        assert_eq!(server("http://127.0.0.1:8000"), Some(expected));
        assert_eq!(server("https://rewards.example.com"), None);
    }

    #[test]
    fn a_container_gets_the_variables_with_its_own_name_for_this_machine() {
        let environment = BTreeMap::from(
            [
                ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9324"),
                ("REWARD_ENDPOINT_BY_UNIT", "a=http://127.0.0.1:1/,b=http://127.0.0.1:2/"),
                ("V1_CONFIRM", "api"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let environments = BTreeMap::from([("DeliverFunction".to_owned(), environment)]);
        assert_eq!(
            variables(&environments),
            json!({ "DeliverFunction": {
                "AWS_ENDPOINT_URL_SQS": "http://host.docker.internal:9324",
                "REWARD_ENDPOINT_BY_UNIT":
                    "a=http://host.docker.internal:1/,b=http://host.docker.internal:2/",
                "V1_CONFIRM": "api",
            } })
        );
    }

    #[test]
    fn the_options_name_the_file_and_the_architecture_of_this_machine() {
        let options = options(Path::new("/a folder/env.json"));
        for line in [
            "env_vars = \"/a folder/env.json\"",
            "add_host = [\"host.docker.internal:host-gateway\"]",
            "[default.local_start_api.parameters]",
        ] {
            assert!(options.lines().any(|said| said == line), "{line}: {options}");
        }
        assert!(options.contains("Architecture=arm64") || options.contains("Architecture=x86_64"));
    }

    /// What is printed is what the document says.
    #[test]
    fn the_document_has_the_commands() {
        let document = include_str!("../../../events/README.md");
        for command in COMMANDS {
            assert!(document.lines().any(|line| line == command), "{command}");
        }
    }
}
