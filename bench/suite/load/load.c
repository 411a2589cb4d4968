/*
 * Reads one command a line from standard input and answers each with one line of JSON (report.ts: the type Report).
 *
 *   hello TEXTS TEXT|-          texts to wait for after the handshake, and what to send before; for `open`
 *   texts HEARTBEAT TAB PING    what `live` and `events` send beside frames
 *   list COUNT                  so many connections; each line then: path TAB cookie TAB marker (may be empty)
 *   frame INDEX|* TEXT[TAB ODD] what a connection sends; ######## becomes the number
 *   mode WHOLE ECHO             see load.h
 *   patience MS                 see load.h
 *   open PORT IN_FLIGHT MS      connects the list, at most so long
 *   lockstep SENDERS BATCH SECONDS EXPECTED
 *   paced SENDER NANOSECONDS SECONDS EXPECTED
 *   live TOGGLE_NS HEARTBEAT_NS SECONDS
 *   events BATCH SECONDS
 *   each                        everybody sends its frame once
 *   quiet MS TIMEOUT_MS
 *   check ROOM_SIZE
 *   stall INDEX 0|1             stops reading a connection, or reads it again
 *   close
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include "load.h"

report_t report;
static uint32_t *buckets;
static char **requests;
static uint64_t started_at;

uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

void add_latency(uint64_t ns) {
  uint64_t bucket = ns / 1000;
  buckets[bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1]++;
  report.latencies++;
  if (ns > report.longest_ns) report.longest_ns = ns;
}

double latency_ms(double quantile) {
  uint64_t rank = (uint64_t)(quantile * (double)report.latencies), seen = 0;
  if (report.latencies == 0) return 0;
  for (int i = 0; i < LATENCY_BUCKETS; i++)
    if ((seen += buckets[i]) > rank) return ((double)i + 0.5) / 1000;
  return (double)LATENCY_BUCKETS / 1000;
}

void start_report(void) {
  if (report.latencies > 0) memset(buckets, 0, LATENCY_BUCKETS * sizeof *buckets);
  memset(&report, 0, sizeof report);
  started_at = now_ns();
}

static void answer(void) {
  report.seconds = (double)(now_ns() - started_at) / 1e9;
  const conn_t *first = conn_count > 0 ? &conns[0] : NULL;
  printf("{\"received\":%lu,\"others\":%lu,\"bytes\":%lu,\"sent\":%lu,\"rounds\":%lu,\"lost\":%lu,\"disordered\":%lu,"
         "\"gone\":%lu,\"wrong\":%lu,\"ready\":%lu,\"late\":%lu,\"seconds\":%.6f,\"p50Ms\":%.4f,\"p99Ms\":%.4f,\"maxMs\":%.4f,"
         "\"lastLength\":%lu}\n",
         report.received, report.others, report.bytes, report.sent, report.rounds, report.lost, report.disordered,
         report.gone, report.wrong, report.ready, report.late, report.seconds, latency_ms(0.5), latency_ms(0.99),
         (double)report.longest_ns / 1e6, first == NULL ? 0 : first->last_length);
  fflush(stdout);
}

static char *read_line(void) {
  static char *line;
  static size_t capacity;
  ssize_t length = getline(&line, &capacity, stdin);
  if (length < 0) exit(0);
  if (length > 0 && line[length - 1] == '\n') line[length - 1] = '\0';
  return line;
}

static void read_list(int count) {
  conns = calloc((size_t)count, sizeof *conns);
  requests = calloc((size_t)count, sizeof *requests);
  conn_count = count;
  for (int i = 0; i < count; i++) {
    char *line = read_line();
    char *path = strsep(&line, "\t"), *cookie = strsep(&line, "\t"), *marker = line;
    if (asprintf(&requests[i],
                 "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2F0c3VtYS1iZW5jaGluZw==\r\n%s%s%s\r\n",
                 path, *cookie ? "Cookie: " : "", cookie, *cookie ? "\r\n" : "") < 0)
      exit(1);
    conns[i].phase = GONE;
    if (marker == NULL || *marker == '\0') continue;
    conns[i].marker = strdup(marker);
    conns[i].marker_length = strlen(marker);
  }
}

static template_t *make_template(char *texts) {
  template_t *made = calloc(1, sizeof *made);
  char *text;
  for (int i = 0; i < 2 && (text = strsep(&texts, "\t")) != NULL; i++) {
    size_t length = strlen(text);
    made->bytes[i] = malloc(length + 16);
    size_t head = put_client_header(made->bytes[i], length);
    memcpy(made->bytes[i] + head, text, length);
    made->length[i] = head + length;
    char *digits = memmem(made->bytes[i] + head, length, "########", DIGITS);
    made->number_at[i] = digits == NULL ? 0 : (size_t)(digits - made->bytes[i]);
  }
  return made;
}

static void set_frame(char *rest) {
  char *who = strsep(&rest, " ");
  template_t *made = make_template(rest);
  if (*who != '*') conns[atoi(who)].frame = made;
  else
    for (int i = 0; i < conn_count; i++) conns[i].frame = made;
}

static void open_list(int port, int in_flight, int timeout_ms) {
  uint64_t start = now_ns();
  open_all(port, conn_count, in_flight < conn_count ? in_flight : conn_count, requests);
  while (report.ready < (uint64_t)conn_count && now_ns() - start < (uint64_t)timeout_ms * 1000000ull) pump(10);
}

static void stall(int index, int stalled) {
  conns[index].stalled = 1;
  /* Otherwise the kernel would hold so much for it that a server never learns of it. */
  int bytes = 65536;
  if (stalled) setsockopt(conns[index].fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  watch(index, !stalled);
  if (stalled) return;
  for (int tries = 0; tries < 100 && conns[index].phase != GONE; tries++) pump(10);
  report.gone = conns[index].phase == GONE;
}

static void obey(char *line) {
  long a = 0, b = 0, c = 0;
  double s = 0;
  int at = 0;
  if (sscanf(line, "hello %ld %n", &a, &at) == 1) {
    texts_until_ready = (int)a;
    snprintf(hello, sizeof hello, "%s", strcmp(line + at, "-") == 0 ? "" : line + at);
  } else if (strncmp(line, "texts ", 6) == 0) {
    char *ping = line + 6, *heartbeat = strsep(&ping, "\t");
    snprintf(heartbeat_text, sizeof heartbeat_text, "%s", heartbeat);
    snprintf(ping_text, sizeof ping_text, "%s", ping == NULL ? "" : ping);
  } else if (sscanf(line, "list %ld", &a) == 1) read_list((int)a);
  else if (strncmp(line, "frame ", 6) == 0) set_frame(line + 6);
  else if (sscanf(line, "mode %d %d", &whole_frames, &echo_mode) == 2) return;
  else if (sscanf(line, "patience %ld", &a) == 1) patience_ns = (uint64_t)a * 1000000ull;
  else if (sscanf(line, "open %ld %ld %ld", &a, &b, &c) == 3) open_list((int)a, (int)b, (int)c);
  else if (sscanf(line, "lockstep %ld %ld %lf %ld", &a, &b, &s, &c) == 4) run_lockstep((int)a, (int)b, s, (int)c);
  else if (sscanf(line, "paced %ld %ld %lf %ld", &a, &b, &s, &c) == 4) run_paced((int)a, (uint64_t)b, s, (int)c);
  else if (sscanf(line, "live %ld %ld %lf", &a, &b, &s) == 3) run_live((uint64_t)a, (uint64_t)b, s);
  else if (sscanf(line, "events %ld %lf", &a, &s) == 2) run_events((int)a, s);
  else if (sscanf(line, "quiet %ld %ld", &a, &b) == 2) run_quiet((int)a, (int)b);
  else if (sscanf(line, "check %ld", &a) == 1) check_states((int)a);
  else if (sscanf(line, "stall %ld %ld", &a, &b) == 2) stall((int)a, (int)b);
  else if (strcmp(line, "each") == 0) run_each();
  else if (strcmp(line, "close") == 0) close_all();
  else {
    fprintf(stderr, "load: not a command: %.60s\n", line);
    exit(1);
  }
}

int main(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  buckets = calloc(LATENCY_BUCKETS, sizeof *buckets);
  prctl(PR_SET_TIMERSLACK, 1); /* naps as long as they are said to be */
  sockets_init();
  for (;;) {
    char *line = read_line();
    char *command = strdup(line); /* `list` reads further lines */
    start_report();
    obey(command);
    free(command);
    answer();
  }
}
