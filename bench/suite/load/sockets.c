/* Connections: opening, reading, writing. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "load.h"

#define CHUNK (1 << 20)
#define GULP 64
#define NAP_NS 50000

conn_t *conns;
int conn_count;
int whole_frames, echo_mode, count_receipts = 1, gaps_allowed, texts_until_ready;
char hello[256];
uint64_t last_byte_at;
static int epoll_fd;
static char chunk[CHUNK];
static int to_open, opened, target_port;
static char **handshakes;

void sockets_init(void) { epoll_fd = epoll_create1(0); }

/* Mask 0: the server unmasks all the same, and the payload stays as it is. */
size_t put_client_header(char *out, size_t payload) {
  size_t at = 0;
  out[at++] = (char)0x81;
  if (payload < 126) {
    out[at++] = (char)(0x80 | payload);
  } else if (payload < 65536) {
    out[at++] = (char)(0x80 | 126);
    out[at++] = (char)(payload >> 8);
    out[at++] = (char)payload;
  } else {
    out[at++] = (char)(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out[at++] = (char)(payload >> shift);
  }
  memset(out + at, 0, 4);
  return at + 4;
}

void gone(conn_t *conn) {
  if (conn->phase == GONE) return;
  close(conn->fd);
  conn->phase = GONE;
  if (!conn->stalled) report.gone++;
}

void write_all(conn_t *conn, const char *bytes, size_t length) {
  while (length > 0 && conn->phase != GONE) {
    ssize_t count = send(conn->fd, bytes, length, MSG_NOSIGNAL);
    if (count > 0) {
      bytes += count;
      length -= (size_t)count;
    } else if (errno == EAGAIN) {
      pump(1); /* both sides may be waiting for the other to read */
    } else if (errno != EINTR) {
      gone(conn);
    }
  }
}

static void send_text(conn_t *conn, const char *text) {
  char frame[512];
  size_t length = strlen(text);
  size_t head = put_client_header(frame, length);
  memcpy(frame + head, text, length);
  write_all(conn, frame, head + length);
}

static void connect_next(void) {
  if (opened == to_open) return;
  conn_t *conn = &conns[opened];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target_port)};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (conn->fd < 0) {
    fprintf(stderr, "load: socket %d: %s\n", opened, strerror(errno));
    exit(1);
  }
  int one = 1;
  setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  conn->request = handshakes[opened];
  conn->phase = CONNECTING;
  conn->marker_at = -1;
  conn->started_at = now_ns();
  connect(conn->fd, (struct sockaddr *)&address, sizeof address);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = (uint32_t)opened};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, conn->fd, &event);
  opened++;
}

void become_ready(conn_t *conn) {
  conn->phase = READY;
  report.ready++;
  add_latency(now_ns() - conn->started_at);
}

/* The answer to the handshake comes in one piece from every server here. */
static void take_answer(conn_t *conn, const char *from, const char *end) {
  const char *body = memmem(from, (size_t)(end - from), "\r\n\r\n", 4);
  if (body == NULL || memcmp(from, "HTTP/1.1 101", 12) != 0) {
    fprintf(stderr, "load: refused: %.*s\n", 60, from);
    return gone(conn);
  }
  conn->phase = WAITING;
  if (hello[0] != '\0') send_text(conn, hello);
  if (texts_until_ready == 0) become_ready(conn);
  connect_next();
  take_bytes(conn, body + 4, end);
}

static void readable(conn_t *conn) {
  ssize_t count = recv(conn->fd, chunk, CHUNK - 1, 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return gone(conn);
  last_byte_at = now_ns();
  chunk[count] = '\0';
  report.bytes += (uint64_t)count;
  if (conn->phase == SHAKING_HANDS) take_answer(conn, chunk, chunk + count);
  else take_bytes(conn, chunk, chunk + count);
}

void watch(int index, int reading) {
  struct epoll_event event = {.events = reading ? EPOLLIN : 0, .data.u32 = (uint32_t)index};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, conns[index].fd, &event);
}

int pump(int timeout_ms) {
  struct epoll_event events[512];
  int count = epoll_wait(epoll_fd, events, 512, timeout_ms);
  for (int i = 0; i < count; i++) {
    int index = (int)events[i].data.u32;
    conn_t *conn = &conns[index];
    if (conn->phase == GONE) continue;
    if (conn->phase == CONNECTING && (events[i].events & EPOLLOUT)) {
      conn->phase = SHAKING_HANDS;
      watch(index, 1);
      write_all(conn, conn->request, strlen(conn->request));
    } else if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
      if (conn->stalled && !(events[i].events & EPOLLIN)) gone(conn);
      else readable(conn);
    }
  }
  return count;
}

void pump_for(uint64_t ns) {
  struct pollfd any = {.fd = epoll_fd, .events = POLLIN};
  struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000ull), .tv_nsec = (long)(ns % 1000000000ull)};
  if (ppoll(&any, 1, &timeout, NULL) > 0) pump(0);
}

void pump_in_gulps(void) {
  struct timespec nap = {.tv_nsec = NAP_NS};
  if (pump(0) < GULP) nanosleep(&nap, NULL);
}

void open_all(int port, int count, int in_flight, char **requests) {
  to_open = count;
  opened = 0;
  target_port = port;
  handshakes = requests;
  for (int i = 0; i < in_flight; i++) connect_next();
}

void close_all(void) {
  for (int i = 0; i < conn_count; i++) {
    conn_t *conn = &conns[i];
    if (conn->phase != GONE) close(conn->fd);
    free(conn->kept);
    template_t *frame = conn->frame;
    char *marker = conn->marker;
    size_t marker_length = conn->marker_length;
    int64_t next_to_send = conn->next_to_send;
    memset(conn, 0, sizeof *conn);
    conn->phase = GONE;
    conn->frame = frame;
    conn->marker = marker;
    conn->marker_length = marker_length;
    conn->next_to_send = next_to_send;
  }
}
