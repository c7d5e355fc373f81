//! Servers on this machine that can be switched off and on again, so that a test
//! can see what an outage does.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use axum::http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::error::LocalError;

/// Listens on the loopback address; port 0 takes any free one. The error for a
/// port that is taken names `flag`.
pub(crate) async fn bind(
    flag: &'static str,
    port: u16,
) -> Result<(TcpListener, SocketAddr), LocalError> {
    let taken = |source| LocalError::Port { flag, port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    Ok((listener, address))
}

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;
type Serve = Box<dyn Fn(TcpListener, oneshot::Receiver<()>) -> Serving + Send + Sync>;

/// A server that can be stopped and started again at its address.
pub(crate) struct RestartableServer {
    address: SocketAddr,
    flag: &'static str,
    serve: Serve,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    /// While it is stopped: the port, so that nobody else takes it. Who connects to a port
    /// that nobody listens at is refused.
    held: Option<TcpSocket>,
}

/// The connections that wait to be accepted, as many as the standard library lets wait.
const BACKLOG: u32 = 1024;

fn listen(held: TcpSocket) -> io::Result<TcpListener> {
    held.set_reuseaddr(true)?;
    held.listen(BACKLOG)
}

fn hold(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that ended a moment ago are still known at the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    // From here on it is not to be shared.
    socket.set_reuseaddr(false)?;
    Ok(socket)
}

impl RestartableServer {
    /// Serves `listener` by `serve` until stopped; stopping resolves the receiver
    /// that `serve` gets.
    pub(crate) fn start<F>(
        flag: &'static str,
        (listener, address): (TcpListener, SocketAddr),
        serve: impl Fn(TcpListener, oneshot::Receiver<()>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let serve: Serve = Box::new(move |listener, closed| Box::pin(serve(listener, closed)));
        let mut server = Self { address, flag, serve, running: None, held: None };
        server.run(listener);
        server
    }

    fn run(&mut self, listener: TcpListener) {
        let (close, closed) = oneshot::channel();
        self.running = Some((close, tokio::spawn((self.serve)(listener, closed))));
    }

    /// Refuses connections from now on and ends the open ones.
    pub(crate) async fn stop(&mut self) {
        if let Some((close, serving)) = self.running.take() {
            drop(close);
            // The task only fails if the engine panicked, and then it has ended, too.
            let _ = serving.await;
            // What cannot be held is asked for anew.
            self.held = hold(self.address).ok();
        }
    }

    /// Takes connections again, at the same address.
    pub(crate) async fn restart(&mut self) -> Result<(), LocalError> {
        if self.running.is_none() {
            let (flag, port) = (self.flag, self.address.port());
            let listener = match self.held.take() {
                Some(held) => {
                    listen(held).map_err(|source| LocalError::Port { flag, port, source })?
                }
                None => bind(flag, port).await?.0,
            };
            self.run(listener);
        }
        Ok(())
    }
}

/// Serves a hyper service until `closed` resolves.
pub(crate) async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    mut closed: oneshot::Receiver<()>,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = &mut closed => break,
        };
        let Ok((stream, _)) = accepted else { continue };
        // Without the option the server is slower, but right.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        connections.spawn(async move {
            let builder = auto::Builder::new(TokioExecutor::new());
            // A client that goes away mid-request is its own affair.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
    connections.shutdown().await;
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use tokio::net::TcpStream;

    use super::*;

    /// Nobody can take the port meanwhile, and nobody is let in.
    #[tokio::test]
    async fn a_port_is_kept_while_its_server_is_stopped() {
        let bound = bind("--test-port", 0).await.unwrap();
        let address = bound.1;
        let accepts = |listener: TcpListener, closed: oneshot::Receiver<()>| async move {
            tokio::select! {
                () = async { while listener.accept().await.is_ok() {} } => {}
                _ = closed => {}
            }
        };
        let mut server = RestartableServer::start("--test-port", bound, accepts);
        TcpStream::connect(address).await.unwrap();
        server.stop().await;
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        let taken = std::net::TcpListener::bind(address).unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        server.restart().await.unwrap();
        TcpStream::connect(address).await.unwrap();
    }
}
