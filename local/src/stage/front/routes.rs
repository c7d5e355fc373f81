//! The routes of an HTTP API, which find the function of a request.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The routes of the template.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    routes: Vec<Route>,
}

#[derive(Debug)]
struct Route {
    method: String,
    path: String,
    segments: Vec<Segment>,
    function: String,
}

/// A part of a route's path, in order of preference from the least.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Greedy(String),
    Parameter(String),
    Exact(String),
}

/// A route that takes the request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Match<'r> {
    pub(crate) function: &'r str,
    /// Method and path as the template writes them.
    pub(crate) route_key: String,
    /// Values of the `{name}` segments.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Routes {
    /// Adds a route; `method` may be `ANY`.
    pub(crate) fn add(&mut self, method: &str, path: &str, function: &str) {
        let segments = path.split('/').skip(1).map(Segment::new).collect();
        let route = Route {
            method: method.to_owned(),
            path: path.to_owned(),
            segments,
            function: function.to_owned(),
        };
        self.routes.push(route);
        // The most specific route first; a named method before ANY.
        self.routes.sort_by(|a, b| {
            let key = |route: &Route| Reverse(route.method != "ANY");
            b.segments.cmp(&a.segments).then_with(|| key(a).cmp(&key(b)))
        });
    }

    /// Method, path and function of every route, by path.
    pub(crate) fn list(&self) -> Vec<(String, String, String)> {
        let copy =
            |route: &Route| (route.method.clone(), route.path.clone(), route.function.clone());
        let mut list: Vec<_> = self.routes.iter().map(copy).collect();
        list.sort_by(|a, b| a.1.cmp(&b.1));
        list
    }

    /// The route for a method and a decoded path.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<Match<'_>> {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let mut allowed =
            self.routes.iter().filter(|route| route.method == method || route.method == "ANY");
        allowed.find_map(|route| {
            Some(Match {
                function: &route.function,
                route_key: format!("{} {}", route.method, route.path),
                parameters: capture(&route.segments, &segments)?,
            })
        })
    }
}

impl Segment {
    fn new(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Self::Greedy(name.to_owned()),
                None => Self::Parameter(name.to_owned()),
            },
            None => Self::Exact(text.to_owned()),
        }
    }
}

fn capture(pattern: &[Segment], path: &[&str]) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    let mut rest = path;
    for segment in pattern {
        let (first, tail) = rest.split_first()?;
        match segment {
            Segment::Exact(text) if text == first => {}
            Segment::Parameter(name) if !first.is_empty() => {
                parameters.insert(name.clone(), (*first).to_owned());
            }
            Segment::Greedy(name) if !first.is_empty() => {
                parameters.insert(name.clone(), rest.join("/"));
                return Some(parameters);
            }
            _ => return None,
        }
        rest = tail;
    }
    rest.is_empty().then_some(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes {
        let mut routes = Routes::default();
        for (path, function) in [
            ("/w/up/{event}", "Any"),
            ("/w/up/payment-paid", "Exact"),
            ("/w/v1/{token}/rewards", "Rewards"),
            ("/w/{rest+}", "Other"),
            ("/files/{rest+}", "Files"),
        ] {
            routes.add("POST", path, function);
        }
        routes.add("ANY", "/any", "All");
        routes
    }

    #[test]
    fn whole_segments_match_and_the_more_exact_route_wins() {
        let routes = routes();
        for (method, path, expected) in [
            ("POST", "/w/up/payment-paid", Some("Exact")),
            ("POST", "/w/up/payment.paid", Some("Any")),
            ("POST", "/w/up/payment-paid-x", Some("Any")),
            // What no other route takes as a whole, the greedy one takes.
            ("POST", "/w/up/", Some("Other")),
            ("POST", "/w/up", Some("Other")),
            ("POST", "/w/up/a/b", Some("Other")),
            ("POST", "/w/up/payment-paid/", Some("Other")),
            ("POST", "/w/v1/secret/rewards/", Some("Other")),
            ("POST", "/w/v1//rewards", Some("Other")),
            ("POST", "/w/v1/secret/rewards", Some("Rewards")),
            ("GET", "/w/up/payment-paid", None),
            ("GET", "/w/up/payment-paid/", None),
            ("POST", "/w/", None),
            ("POST", "/w", None),
            ("POST", "/files", None),
            ("POST", "/files/a/", Some("Files")),
            ("POST", "/files/a/b/c", Some("Files")),
            ("PATCH", "/any", Some("All")),
            ("POST", "/", None),
        ] {
            let found = routes.find(method, path).map(|found| found.function);
            assert_eq!(found, expected, "{method} {path}");
        }
    }

    #[test]
    fn parameters_and_route_key_are_handed_on() {
        let routes = routes();
        let found = routes.find("POST", "/w/v1/s3cret/rewards").unwrap();
        assert_eq!(found.route_key, "POST /w/v1/{token}/rewards");
        assert_eq!(found.parameters["token"], "s3cret");
        assert_eq!(routes.find("POST", "/files/a/b").unwrap().parameters["rest"], "a/b");
        assert_eq!(routes.find("POST", "/files/a/b/").unwrap().parameters["rest"], "a/b/");
    }
}
