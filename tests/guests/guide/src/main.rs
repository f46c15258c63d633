//! guide ADDRESS: the practical guide's HTTP server. / says hello, /echo sends a
//! body back.

use hyper::server::conn::Http;
use hyper::service::service_fn;
use hyper::{Body, Method, Request, Response, StatusCode};
use std::net::SocketAddr;
use tokio::net::TcpListener;

async fn answer(request: Request<Body>) -> Result<Response<Body>, hyper::Error> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Ok(Response::new(Body::from("hello from hyper\n"))),
        (&Method::POST, "/echo") => Ok(Response::new(request.into_body())),
        _ => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::NOT_FOUND;
            Ok(response)
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let address: SocketAddr = std::env::args().nth(1).ok_or("no address")?.parse()?;
    let listener = TcpListener::bind(address).await?;
    println!("port {}", listener.local_addr()?.port());
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::task::spawn(async move {
            if let Err(error) = Http::new().serve_connection(connection, service_fn(answer)).await {
                println!("connection: {:?}", error);
            }
        });
    }
}
