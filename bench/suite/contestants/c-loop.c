/*
 * The least a room server can do, in C: frames are read with epoll and go out with one `send` for each receiver. It speaks
 * just enough WebSocket for the load generator: one room a path, masks of nothing but zeros, whole frames in memory.
 *
 * Argument: `relay` (a frame goes to the others of its room) or a size (everybody is sent the frame, filled up to so many
 * bytes; 0: nobody is sent anything). Frames of less than 64 bytes are heartbeats, or a ping that is answered.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SHORT_FRAME 64
#define CHUNK (1 << 20)
#define MAX_FILES 200000

typedef struct {
  char path[128];
  int *members;
  int count, capacity;
} room_t;

typedef struct {
  room_t *room; /* none: the handshake is under way */
  char *kept; /* a frame that has not come in whole */
  size_t kept_length;
} peer_t;

static peer_t *peers;
static room_t **rooms;
static int room_count;
static int relaying;
static size_t reply_bytes;

static size_t put_header(char *out, size_t payload) {
  out[0] = (char)0x81;
  if (payload < 126) {
    out[1] = (char)payload;
    return 2;
  }
  int wide = payload >= 65536, bytes = wide ? 8 : 2;
  out[1] = (char)(wide ? 127 : 126);
  for (int i = 0; i < bytes; i++) out[2 + i] = (char)(payload >> (8 * (bytes - 1 - i)));
  return (size_t)(2 + bytes);
}

static void send_whole(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t count = send(fd, bytes, length, MSG_NOSIGNAL);
    if (count > 0) {
      bytes += count;
      length -= (size_t)count;
    } else if (errno == EAGAIN) {
      struct pollfd wait = {.fd = fd, .events = POLLOUT};
      poll(&wait, 1, 1000);
    } else if (errno != EINTR) {
      return;
    }
  }
}

static void send_to_room(int from, const char *payload, size_t length) {
  static char *frame;
  static size_t capacity;
  size_t total = relaying || length > reply_bytes ? length : reply_bytes;
  if (capacity < total + 16) frame = realloc(frame, capacity = total + 16);
  size_t head = put_header(frame, total);
  memcpy(frame + head, payload, length);
  memset(frame + head + length, 'x', total - length);
  room_t *room = peers[from].room;
  for (int i = 0; i < room->count; i++)
    if (!relaying || room->members[i] != from) send_whole(room->members[i], frame, head + total);
}

static void take_frame(int fd, const char *payload, size_t length) {
  static const char pong[] = "{\"type\":\"partyserver-pong\"}";
  if (length >= SHORT_FRAME) {
    if (relaying || reply_bytes > 0) send_to_room(fd, payload, length);
  } else if (memmem(payload, length, "-ping", 5) != NULL) {
    char frame[SHORT_FRAME];
    size_t head = put_header(frame, sizeof pong - 1);
    memcpy(frame + head, pong, sizeof pong - 1);
    send_whole(fd, frame, head + sizeof pong - 1);
  }
}

static room_t *room_of(const char *path, size_t length) {
  for (int i = 0; i < room_count; i++)
    if (strlen(rooms[i]->path) == length && memcmp(rooms[i]->path, path, length) == 0) return rooms[i];
  room_t *room = calloc(1, sizeof *room);
  memcpy(room->path, path, length);
  rooms = realloc(rooms, sizeof *rooms * (size_t)(room_count + 1));
  return rooms[room_count++] = room;
}

static void shake_hands(int fd, const char *request) {
  static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const char *path = strchr(request, ' ') + 1;
  size_t length = strcspn(path, "? ");
  room_t *room = room_of(path, length < 127 ? length : 127);
  if (room->count == room->capacity) {
    room->capacity = room->capacity * 2 + 16;
    room->members = realloc(room->members, sizeof(int) * (size_t)room->capacity);
  }
  room->members[room->count++] = fd;
  peers[fd].room = room;
  send_whole(fd, answer, sizeof answer - 1);
}

static void leave(int fd) {
  room_t *room = peers[fd].room;
  for (int i = 0; room != NULL && i < room->count; i++)
    if (room->members[i] == fd) room->members[i--] = room->members[--room->count];
  free(peers[fd].kept);
  memset(&peers[fd], 0, sizeof peers[fd]);
  close(fd);
}

/* The length of the first frame with its header, or 0 while that is not known. */
static size_t measure(const unsigned char *at, size_t there, size_t *head) {
  if (there < 2) return 0;
  size_t length = at[1] & 0x7f, extended = length == 127 ? 8 : length == 126 ? 2 : 0;
  if (there < 2 + extended) return 0;
  if (extended > 0) length = 0;
  for (size_t i = 0; i < extended; i++) length = length << 8 | at[2 + i];
  *head = 2 + extended + (at[1] & 0x80 ? 4 : 0);
  return *head + length;
}

static void take_bytes(int fd, char *bytes, size_t length) {
  size_t head = 0, frame;
  while ((frame = measure((unsigned char *)bytes, length, &head)) > 0 && frame <= length) {
    int opcode = bytes[0] & 0x0f;
    if (opcode == 1) take_frame(fd, bytes + head, frame - head);
    bytes += frame;
    length -= frame;
  }
  peers[fd].kept = length > 0 ? memmove(malloc(length), bytes, length) : NULL;
  peers[fd].kept_length = length;
}

static void read_from(int fd) {
  static char chunk[2 * CHUNK];
  peer_t *peer = &peers[fd];
  size_t before = peer->kept_length;
  if (before > 0) memcpy(chunk, peer->kept, before);
  ssize_t count = recv(fd, chunk + before, sizeof chunk - before - 1, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return leave(fd);
  free(peer->kept);
  peer->kept = NULL;
  chunk[before + (size_t)count] = '\0';
  if (peer->room == NULL) shake_hands(fd, chunk);
  else take_bytes(fd, chunk, before + (size_t)count);
}

static int listen_on_any_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) exit(1);
  getsockname(fd, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(int argc, char **argv) {
  relaying = argc < 2 || strcmp(argv[1], "relay") == 0;
  reply_bytes = relaying ? 0 : strtoul(argv[1], NULL, 10);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  peers = calloc(MAX_FILES, sizeof *peers);
  int poller = epoll_create1(0), listener = listen_on_any_port();
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[512];
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(poller, events, 512, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.fd != listener) {
        read_from(events[i].data.fd);
        continue;
      }
      int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), one = 1;
      if (fd < 0 || fd >= MAX_FILES) continue;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      struct epoll_event added = {.events = EPOLLIN, .data.fd = fd};
      epoll_ctl(poller, EPOLL_CTL_ADD, fd, &added);
    }
  }
}
