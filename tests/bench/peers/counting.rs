//! A proxy before a Redis that counts round trips: how often bytes go to the server after an answer
//! has come back. One caller at a time asks through it, so that requests are not taken together.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;

#[derive(Clone)]
pub(crate) struct Counting {
    pub(crate) address: SocketAddr,
    trips: Rc<Cell<u64>>,
}

impl Counting {
    pub(crate) async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let trips = Rc::new(Cell::new(0));
        let counted = Rc::clone(&trips);
        spawn_local(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                let server = TcpStream::connect(server).await.expect("the server listens");
                spawn_local(pass_on(client, server, Rc::clone(&counted)));
            }
        });
        Self { address, trips }
    }

    pub(crate) fn trips(&self) -> u64 {
        self.trips.get()
    }
}

async fn pass_on(mut client: TcpStream, mut server: TcpStream, trips: Rc<Cell<u64>>) {
    let (mut asked, mut answered) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut waits = false;
    loop {
        tokio::select! {
            Ok(count) = client.read(&mut asked) => {
                if count == 0 || server.write_all(&asked[..count]).await.is_err() {
                    return;
                }
                trips.set(trips.get() + u64::from(!waits));
                waits = true;
            }
            Ok(count) = server.read(&mut answered) => {
                if count == 0 || client.write_all(&answered[..count]).await.is_err() {
                    return;
                }
                waits = false;
            }
            else => return,
        }
    }
}
