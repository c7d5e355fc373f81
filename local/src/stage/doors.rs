//! More addresses for servers that listen on loopback, so that what runs in a
//! container can reach them.

use std::net::{IpAddr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::error::LocalError;

/// Doors that are open until this is dropped.
#[derive(Debug)]
pub struct Doors {
    /// Ends the open connections, too.
    _open: JoinSet<()>,
}

impl Doors {
    /// Takes connections at `address`, on the port of each of `servers`, and hands them
    /// on to it.
    ///
    /// # Errors
    /// [`LocalError::Io`] names what cannot be listened on: an address that is not this
    /// machine's, or a port that somebody else has there.
    pub async fn open(address: IpAddr, servers: &[SocketAddr]) -> Result<Self, LocalError> {
        let mut open = JoinSet::new();
        for server in servers {
            let door = SocketAddr::new(address, server.port());
            let listener = TcpListener::bind(door).await.map_err(|source| LocalError::Io {
                what: format!("--bind {address}, port {}", door.port()),
                source,
            })?;
            open.spawn(hand_on(listener, *server));
        }
        Ok(Self { _open: open })
    }
}

async fn hand_on(listener: TcpListener, server: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Ok((mut outside, _)) = accepted else { continue };
        connections.spawn(async move {
            let Ok(mut inside) = TcpStream::connect(server).await else { return };
            for side in [&outside, &inside] {
                // Without the option it is slower, but right.
                let _ = side.set_nodelay(true);
            }
            // Who hangs up, and when, is the affair of the two ends.
            let _ = copy_bidirectional(&mut outside, &mut inside).await;
        });
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// An address of this machine besides the usual loopback; elsewhere than on Linux it
    /// is none unless it was set up.
    const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    #[tokio::test]
    #[cfg_attr(not(target_os = "linux"), ignore = "needs a second address")]
    async fn a_door_leads_to_the_server_of_its_port_until_it_is_dropped() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let inside = server.local_addr().unwrap();
        let outside = SocketAddr::new(OTHER, inside.port());
        assert!(TcpStream::connect(outside).await.is_err());

        let doors = Doors::open(OTHER, &[inside]).await.unwrap();
        let mut client = TcpStream::connect(outside).await.unwrap();
        client.write_all(b"ask").await.unwrap();
        let (mut served, _) = server.accept().await.unwrap();
        let mut asked = [0; 3];
        served.read_exact(&mut asked).await.unwrap();
        served.write_all(b"answer").await.unwrap();
        drop(served);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!((&asked, answer.as_str()), (b"ask", "answer"));

        let taken = Doors::open(OTHER, &[inside]).await.unwrap_err().to_string();
        assert!(taken.starts_with(&format!("--bind {OTHER}, port {}", inside.port())), "{taken}");
        let foreign = Doors::open("203.0.113.9".parse().unwrap(), &[inside]).await.unwrap_err();
        assert!(foreign.to_string().contains("--bind 203.0.113.9"), "{foreign}");
        drop(doors);
        while TcpStream::connect(outside).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
