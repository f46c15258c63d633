// edge uses WasmEdge's sockets, as the crates for that do, in their version 2;
// edgev1 is the same program in version 1.
//
//	edge http IP PORT            serve /, and files of the rootfs by /file/PATH
//	edge http fd N               the same on a socket that is there already
//	edge one N                   one connection of a socket that is there, waiting for each byte
//	edge udp IP PORT             send each datagram back to its sender
//	edge get IP PORT PATH        one HTTP request
//	edge ping IP PORT TEXT       one datagram there and back
//	edge unix PATH               talk to itself over a UNIX socket
//	edge resolve NODE SERVICE    print what getaddrinfo finds
//
// Servers print the port they have, which may be given as 0.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>

#define WASI(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

struct address {
  void *buf;
  uint32_t len;
};

struct buffer {
  void *buf;
  uint32_t len;
};

struct sockaddr_edge {
  uint8_t family;
  uint32_t len;
  uint8_t *data;
};

struct addrinfo_edge {
  uint16_t flags;
  uint8_t family, socktype, protocol;
  uint32_t addrlen;
  struct sockaddr_edge *addr;
  char *canonname;
  uint32_t canonlen;
  struct addrinfo_edge *next;
};

WASI(sock_open) uint32_t sock_open(uint32_t family, uint32_t type, uint32_t *fd);
WASI(sock_bind) uint32_t sock_bind(uint32_t fd, struct address *addr, uint32_t port);
WASI(sock_listen) uint32_t sock_listen(uint32_t fd, uint32_t backlog);
WASI(sock_connect) uint32_t sock_connect(uint32_t fd, struct address *addr, uint32_t port);
WASI(sock_recv) uint32_t sock_receive(uint32_t fd, struct buffer *iov, uint32_t n, uint32_t flags, uint32_t *got, uint16_t *out);
WASI(sock_send) uint32_t sock_transmit(uint32_t fd, struct buffer *iov, uint32_t n, uint32_t flags, uint32_t *sent);
WASI(sock_send_to) uint32_t sock_send_to(uint32_t fd, struct buffer *iov, uint32_t n, struct address *addr, uint32_t port, uint32_t flags, uint32_t *sent);
WASI(sock_setsockopt) uint32_t sock_setsockopt(uint32_t fd, uint32_t level, uint32_t name, void *value, uint32_t len);
WASI(sock_getsockopt) uint32_t sock_getsockopt(uint32_t fd, uint32_t level, uint32_t name, void *value, uint32_t *len);
WASI(sock_getaddrinfo) uint32_t sock_getaddrinfo(const char *node, uint32_t nodelen, const char *service, uint32_t servicelen, struct addrinfo_edge *hints, struct addrinfo_edge **res, uint32_t max, uint32_t *n);

#ifdef V1
WASI(sock_accept) uint32_t sock_accept_edge(uint32_t fd, uint32_t *got);
WASI(sock_recv_from) uint32_t sock_recv_from(uint32_t fd, struct buffer *iov, uint32_t n, struct address *addr, uint32_t flags, uint32_t *got, uint16_t *out);
WASI(sock_getlocaladdr) uint32_t sock_getlocaladdr(uint32_t fd, struct address *addr, uint32_t *type, uint32_t *port);
WASI(sock_getpeeraddr) uint32_t sock_getpeeraddr(uint32_t fd, struct address *addr, uint32_t *type, uint32_t *port);
#else
WASI(sock_accept) uint32_t sock_accept_edge(uint32_t fd, uint32_t flags, uint32_t *got);
WASI(sock_recv_from) uint32_t sock_recv_from(uint32_t fd, struct buffer *iov, uint32_t n, struct address *addr, uint32_t flags, uint32_t *port, uint32_t *got, uint16_t *out);
WASI(sock_getlocaladdr) uint32_t sock_getlocaladdr(uint32_t fd, struct address *addr, uint32_t *port);
WASI(sock_getpeeraddr) uint32_t sock_getpeeraddr(uint32_t fd, struct address *addr, uint32_t *port);
#endif

enum { INET4 = 1, UNIX = 3, DGRAM = 1, STREAM = 2, AGAIN = 6, NONBLOCK = 4, REUSEADDR = 0, ERROR = 2 };

static void must(const char *what, uint32_t e) {
  if (e != 0) {
    printf("%s: errno %u\n", what, e);
    exit(1);
  }
}

// inet4 makes an address of a dotted one, in the form of this version.
static struct address inet4(const char *ip) {
  static uint8_t buf[128];
  unsigned a, b, c, d;
  if (sscanf(ip, "%u.%u.%u.%u", &a, &b, &c, &d) != 4) must(ip, 28);
  memset(buf, 0, sizeof buf);
#ifdef V1
  uint8_t *p = buf;
  struct address addr = {buf, 4};
#else
  uint8_t *p = buf + 2;
  buf[0] = INET4;
  struct address addr = {buf, sizeof buf};
#endif
  p[0] = a, p[1] = b, p[2] = c, p[3] = d;
  return addr;
}

static uint32_t local_port(uint32_t fd) {
  uint8_t buf[128];
  uint32_t port;
#ifdef V1
  struct address addr = {buf, 16};
  uint32_t type;
  must("sock_getlocaladdr", sock_getlocaladdr(fd, &addr, &type, &port));
  if (type != 4) must("type", type);
#else
  struct address addr = {buf, sizeof buf};
  must("sock_getlocaladdr", sock_getlocaladdr(fd, &addr, &port));
#endif
  return port;
}

static uint32_t bound(int type, char **args) {
  uint32_t fd, one = 1;
  must("sock_open", sock_open(INET4, type, &fd));
  must("sock_setsockopt", sock_setsockopt(fd, 0, REUSEADDR, &one, sizeof one));
  struct address addr = inet4(args[0]);
  must("sock_bind", sock_bind(fd, &addr, atoi(args[1])));
  return fd;
}

static void nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) must("fcntl", errno);
}

struct conn {
  int fd; // 0 if it is free
  uint32_t in, out, done;
  char request[2048], answer[8192];
};

enum { MOST = 128 };
static struct conn conns[MOST];

// respond fills the answer once the request is whole.
static void respond(struct conn *c) {
  static char body[6144];
  const char *status = "200 OK";
  c->request[c->in] = 0;
  if (strstr(c->request, "\r\n\r\n") == NULL) return;
  uint32_t n = snprintf(body, sizeof body, "hello from edge\n");
  if (strncmp(c->request, "GET /file/", 10) == 0) {
    char *path = c->request + 9, *end = strchr(path, ' ');
    if (end != NULL) *end = 0;
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : read(fd, body, sizeof body);
    if (fd >= 0) close(fd);
    if (got < 0) status = "404 Not Found", got = 0;
    n = got;
  }
  c->out = snprintf(c->answer, sizeof c->answer, "HTTP/1.1 %s\r\nContent-Length: %u\r\nConnection: close\r\n\r\n", status, n);
  memcpy(c->answer + c->out, body, n);
  c->out += n;
  c->done = 0;
}

// serve does what it can for a connection, and closes it at the end.
static void serve(struct conn *c) {
  if (c->out == 0) {
    struct buffer b = {c->request + c->in, sizeof c->request - 1 - c->in};
    uint32_t got;
    uint16_t flags;
    uint32_t e = sock_receive(c->fd, &b, 1, 0, &got, &flags);
    if (e == AGAIN) return;
    if (e != 0 || got == 0) goto end;
    c->in += got;
    respond(c);
    if (c->out == 0) return;
  }
  while (c->done < c->out) {
    struct buffer b = {c->answer + c->done, c->out - c->done};
    uint32_t sent;
    uint32_t e = sock_transmit(c->fd, &b, 1, 0, &sent);
    if (e == AGAIN) return;
    if (e != 0) goto end;
    c->done += sent;
  }
end:
  close(c->fd);
  c->fd = 0;
}

// closing is set once nothing more can be accepted; connections go on.
static int closing;

static void accept_all(uint32_t listener) {
  for (;;) {
    struct conn *c = conns;
    while (c < conns + MOST && c->fd != 0) c++;
    if (c == conns + MOST) return;
    uint32_t fd;
#ifdef V1
    uint32_t e = sock_accept_edge(listener, &fd);
    if (e == 0) nonblocking(fd);
#else
    uint32_t e = sock_accept_edge(listener, NONBLOCK, &fd);
#endif
    if (e == AGAIN) return;
    if (e != 0) {
      closing = 1;
      printf("sock_accept: errno %u\n", e);
      fflush(stdout);
      return;
    }
    c->fd = fd, c->in = c->out = c->done = 0;
    serve(c);
  }
}

static void http(char **args) {
  static __wasi_subscription_t subs[MOST + 1];
  static __wasi_event_t events[MOST + 1];
  uint32_t listener;
  if (strcmp(args[0], "fd") == 0) {
    listener = atoi(args[1]);
  } else {
    listener = bound(STREAM, args);
    must("sock_listen", sock_listen(listener, 512));
  }
  nonblocking(listener);
  printf("port %u\n", local_port(listener));
  fflush(stdout);
  for (;;) {
    size_t n = 0, got;
    for (int i = -1; i < MOST; i++) {
      if (i < 0 ? closing : conns[i].fd == 0) continue;
      memset(&subs[n], 0, sizeof subs[n]);
      subs[n].userdata = i;
      subs[n].u.tag = i >= 0 && conns[i].out > 0 ? __WASI_EVENTTYPE_FD_WRITE : __WASI_EVENTTYPE_FD_READ;
      subs[n++].u.u.fd_read.file_descriptor = i < 0 ? listener : conns[i].fd;
    }
    must("poll_oneoff", __wasi_poll_oneoff(subs, events, n, &got));
    for (size_t i = 0; i < got; i++) {
      int which = (int)events[i].userdata;
      if (which < 0)
        accept_all(listener);
      else if (conns[which].fd != 0)
        serve(&conns[which]);
    }
  }
}

static void one(char **args) {
  struct conn *c = conns;
  uint32_t fd;
#ifdef V1
  must("sock_accept", sock_accept_edge(atoi(args[0]), &fd));
#else
  must("sock_accept", sock_accept_edge(atoi(args[0]), 0, &fd));
#endif
  for (c->fd = fd; c->fd != 0;) serve(c);
}

static void udp(char **args) {
  uint32_t fd = bound(DGRAM, args);
  printf("port %u\n", local_port(fd));
  fflush(stdout);
#ifdef V1
  // Version 1 does not tell the sender's port; one who sends from its own
  // address has it in the text.
  for (;;) {
    char text[1500];
    uint8_t from[4];
    struct address addr = {from, sizeof from};
    struct buffer b = {text, sizeof text - 1};
    uint32_t got;
    uint16_t flags;
    must("sock_recv_from", sock_recv_from(fd, &b, 1, &addr, 0, &got, &flags));
    text[got] = 0;
    b.len = got;
    must("sock_send_to", sock_send_to(fd, &b, 1, &addr, atoi(text), 0, &got));
  }
#else
  for (;;) {
    char text[1500];
    uint8_t from[128];
    struct address addr = {from, sizeof from};
    struct buffer b = {text, sizeof text};
    uint32_t got, port;
    uint16_t flags;
    must("sock_recv_from", sock_recv_from(fd, &b, 1, &addr, 0, &port, &got, &flags));
    b.len = got;
    must("sock_send_to", sock_send_to(fd, &b, 1, &addr, port, 0, &got));
  }
#endif
}

static void get(char **args) {
  uint32_t fd, n;
  char text[512];
  must("sock_open", sock_open(INET4, STREAM, &fd));
  struct address addr = inet4(args[0]);
  must("sock_connect", sock_connect(fd, &addr, atoi(args[1])));
  struct buffer b = {text, snprintf(text, sizeof text, "GET %s HTTP/1.0\r\n\r\n", args[2])};
  must("sock_send", sock_transmit(fd, &b, 1, 0, &n));
  ssize_t got; // a socket is a descriptor like others
  while ((got = read(fd, text, sizeof text)) > 0) fwrite(text, 1, got, stdout);
  if (got < 0) must("read", errno);
}

static void ping(char **args) {
  uint32_t fd, n;
  char text[1500];
  uint16_t flags;
  char *none[] = {"127.0.0.1", "0"};
  fd = bound(DGRAM, none);
  struct address addr = inet4(args[0]);
  struct buffer b = {text, snprintf(text, sizeof text, "%u %s", local_port(fd), args[2])};
  must("sock_send_to", sock_send_to(fd, &b, 1, &addr, atoi(args[1]), 0, &n));
  b.len = sizeof text;
  must("sock_recv", sock_receive(fd, &b, 1, 0, &n, &flags));
  printf("pong %.*s\n", (int)n, text);
}

static void over_unix(char **args) {
  static uint8_t buf[128] = {UNIX};
  uint32_t listener, client, server, n;
  uint16_t flags;
  char text[64];
  struct address addr = {buf, sizeof buf};
  strncpy((char *)buf + 2, args[0], sizeof buf - 3);
  must("sock_open", sock_open(UNIX, STREAM, &listener));
  must("sock_bind", sock_bind(listener, &addr, 0));
  must("sock_listen", sock_listen(listener, 1));
  must("sock_open", sock_open(UNIX, STREAM, &client));
  must("sock_connect", sock_connect(client, &addr, 0));
#ifdef V1
  must("sock_accept", sock_accept_edge(listener, &server));
#else
  must("sock_accept", sock_accept_edge(listener, 0, &server));
#endif
  if (write(client, "over unix", 9) != 9) must("write", errno);
  struct buffer b = {text, sizeof text};
  must("sock_recv", sock_receive(server, &b, 1, 0, &n, &flags));
  printf("%.*s\n", (int)n, text);
}

static void resolve(char **args) {
  enum { MAX = 8 };
  static struct addrinfo_edge list[MAX], hints, *res = list;
  static struct sockaddr_edge addrs[MAX];
  static uint8_t data[MAX][26];
  uint32_t n;
  for (int i = 0; i < MAX; i++) {
    list[i].addr = &addrs[i];
    list[i].next = i + 1 < MAX ? &list[i + 1] : NULL;
    addrs[i].data = data[i];
  }
  hints.socktype = STREAM;
  must("sock_getaddrinfo", sock_getaddrinfo(args[0], strlen(args[0]) + 1, args[1], strlen(args[1]) + 1, &hints, &res, MAX, &n));
  for (struct addrinfo_edge *a = res; n > 0; n--, a = a->next) {
    uint8_t *d = a->addr->data;
    printf("port %u", d[0] << 8 | d[1]);
    uint32_t from = a->family == INET4 ? 2 : 6, len = a->family == INET4 ? 4 : 16;
    for (uint32_t i = 0; i < len; i++) printf("%c%u", i == 0 ? ' ' : '.', d[from + i]);
    printf("\n");
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (argc == 4 && strcmp(what, "http") == 0)
    http(argv + 2);
  else if (argc == 3 && strcmp(what, "one") == 0)
    one(argv + 2);
  else if (argc == 4 && strcmp(what, "udp") == 0)
    udp(argv + 2);
  else if (argc == 5 && strcmp(what, "get") == 0)
    get(argv + 2);
  else if (argc == 5 && strcmp(what, "ping") == 0)
    ping(argv + 2);
  else if (argc == 3 && strcmp(what, "unix") == 0)
    over_unix(argv + 2);
  else if (argc == 4 && strcmp(what, "resolve") == 0)
    resolve(argv + 2);
  else
    return 2;
  return 0;
}
