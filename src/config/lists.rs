//! Lists: settings of several values, separated by commas.

use ipnet::IpNet;
use url::Host;

use super::values::{Unfit, Value};

/// Host names.
pub(super) struct HostNames(pub(super) Vec<String>);

impl Value for HostNames {
    fn read(text: &str) -> Result<Self, Unfit> {
        let name = |item: &str| match Host::parse(item) {
            Ok(Host::Domain(name)) if !item.contains('*') => Ok(name),
            _ => Err(Unfit::new(
                "has an item that is not a host name",
                "write names such as \"tollgate.example, tollgate\", without port or wildcard; IP \
                 addresses need not be listed",
            )),
        };
        items(text).map(name).collect::<Result<_, _>>().map(Self)
    }
}

/// Networks, each as a CIDR prefix.
pub(super) struct Networks(pub(super) Vec<IpNet>);

impl Value for Networks {
    fn read(text: &str) -> Result<Self, Unfit> {
        let network = |item: &str| {
            let network = item.parse::<IpNet>().map(|network| network.trunc());
            network.map_err(|_| {
                Unfit::new(
                    "has an item that is not a network",
                    "write networks such as \"10.0.0.0/8, 192.0.2.7/32\"",
                )
            })
        };
        items(text).map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_networks_are_separated_by_commas() {
        let names = HostNames::read("Tollgate.Example, tollgate,").unwrap().0;
        assert_eq!(names, ["tollgate.example", "tollgate"]);
        let networks = Networks::read("10.1.2.3/8,2001:db8::/32").unwrap().0;
        let shown: Vec<_> = networks.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "2001:db8::/32"]);
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["tollgate:8081", "*.example", "10.0.0.1", "http://x.example", "a b"] {
            assert!(HostNames::read(text).is_err(), "{text}");
        }
        for text in ["10.0.0.0", "10.0.0.0/33", "example/8"] {
            assert!(Networks::read(text).is_err(), "{text}");
        }
    }
}
