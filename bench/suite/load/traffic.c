/* What the connections send, and when. */
#include <stdlib.h>
#include <string.h>
#include "load.h"

uint64_t patience_ns = 10000000000ull;
uint64_t sent_at[RING];
char heartbeat_text[256], ping_text[256];

/* Writes the connection's next frame to `out`; returns its length. */
static size_t put_frame(conn_t *conn, char *out, uint64_t now) {
  int64_t number = conn->next_to_send++;
  const template_t *frame = conn->frame;
  int which = frame->bytes[1] != NULL && number % 2 == 1;
  memcpy(out, frame->bytes[which], frame->length[which]);
  char *digits = out + frame->number_at[which];
  int64_t rest = number;
  if (frame->number_at[which] > 0)
    for (int i = DIGITS - 1; i >= 0; i--, rest /= 10) digits[i] = (char)('0' + rest % 10);
  sent_at[number % RING] = now;
  conn->sent_at = now;
  report.sent++;
  return frame->length[which];
}

static char *room_for(conn_t *conn, int batch) {
  static char *buffer;
  static size_t capacity;
  size_t needed = conn->frame == NULL ? 512 : conn->frame->length[0] * (size_t)(batch + 1) + 512;
  if (needed > capacity) buffer = realloc(buffer, capacity = needed);
  return buffer;
}

static void send_batch(conn_t *conn, int batch) {
  char *buffer = room_for(conn, batch);
  uint64_t now = now_ns();
  size_t length = 0;
  for (int i = 0; i < batch; i++) length += put_frame(conn, buffer + length, now);
  write_all(conn, buffer, length);
}

static int pump_until(uint64_t *counter, uint64_t target, int in_gulps) {
  last_byte_at = now_ns();
  while (*counter < target) {
    if (in_gulps) pump_in_gulps();
    else pump(100);
    if (now_ns() - last_byte_at > patience_ns) {
      /* Gaps in the numbers have been counted already. */
      if (report.lost < target - *counter) report.lost = target - *counter;
      return 0;
    }
  }
  return 1;
}

/*
 * The next batch is sent when all of the last has reached everybody: so each batch is a turn of the server's event loop,
 * whatever the server. With two senders they take turns, and a latency is that of there and back.
 */
void run_lockstep(int senders, int batch, double seconds, int expected) {
  uint64_t start = now_ns(), target = 0, trip = 0;
  count_receipts = senders == 1;
  do {
    int sender = (int)(report.rounds % (uint64_t)senders);
    if (sender == 0) trip = now_ns();
    target += (uint64_t)batch * (uint64_t)expected;
    send_batch(&conns[sender], batch);
    if (!pump_until(&report.received, target, senders == 1)) break;
    report.rounds++;
    if (senders == 2 && sender == 1) add_latency(last_byte_at - trip);
  } while ((double)(now_ns() - start) < seconds * 1e9 || report.rounds % (uint64_t)senders != 0);
  count_receipts = 1;
}

static void pump_to(uint64_t time) {
  for (uint64_t now = now_ns(); now < time; now = now_ns()) pump_for(time - now);
}

static uint64_t behind(int64_t next) {
  uint64_t count = 0;
  for (int i = 0; i < conn_count; i++) count += conns[i].next < next;
  return count;
}

/*
 * One frame every so often, whether or not the last has arrived. With nothing `expected` the server may merge what comes
 * together: then numbers may be left out, but everybody must get the last one.
 */
void run_paced(int sender, uint64_t interval_ns, double seconds, int expected) {
  uint64_t start = now_ns(), count = (uint64_t)(seconds * 1e9 / (double)interval_ns);
  if (count == 0) count = 1;
  gaps_allowed = expected == 0;
  for (uint64_t i = 0; i < count; i++) {
    pump_to(start + i * interval_ns);
    send_batch(&conns[sender], 1);
    report.rounds++;
  }
  pump_until(&report.received, count * (uint64_t)expected, 0);
  gaps_allowed = 0;
  if (expected > 0) return;
  for (last_byte_at = now_ns(); now_ns() - last_byte_at < patience_ns; pump(10))
    if (behind(conns[sender].next_to_send) == 0) return;
  report.lost += behind(conns[sender].next_to_send);
}

static size_t put_text(char *out, const char *text) {
  size_t length = strlen(text), head = put_client_header(out, length);
  memcpy(out + head, text, length);
  return head + length;
}

static void send_heartbeat(conn_t *conn) {
  char frame[sizeof heartbeat_text + 16];
  write_all(conn, frame, put_text(frame, heartbeat_text));
}

/* Everybody who has a frame sends it once. */
void run_each(void) {
  for (int i = 0; i < conn_count; i++) {
    if (conns[i].frame != NULL) send_batch(&conns[i], 1);
    if (i % 64 == 63) pump(0);
  }
}

static uint64_t awaiting(void) {
  uint64_t count = 0;
  for (int i = 0; i < conn_count; i++) count += (uint64_t)conns[i].awaiting;
  return count;
}

/* Everybody changes once in `toggle_ns` and sends a heartbeat once in `heartbeat_ns`, spread evenly; 0: never. */
void run_live(uint64_t toggle_ns, uint64_t heartbeat_ns, double seconds) {
  uint64_t start = now_ns(), end = start + (uint64_t)(seconds * 1e9);
  uint64_t toggles = 0, beats = 0, count = (uint64_t)conn_count;
  for (uint64_t now = start; now < end; now = now_ns()) {
    uint64_t due = toggle_ns == 0 ? 0 : (uint64_t)((double)(now - start) / (double)toggle_ns * (double)count);
    for (; toggles < due; toggles++) {
      /* A prime step, so that those who follow one another are not in the same room. */
      conn_t *conn = &conns[toggles * 7919 % count];
      if (conn->phase != READY || conn->stalled) continue;
      if (conn->awaiting) {
        report.late++; /* left out, so that a lost echo is noticed at the end */
        continue;
      }
      conn->awaiting = echo_mode != NO_ECHO;
      send_batch(conn, 1);
    }
    due = heartbeat_ns == 0 ? 0 : (uint64_t)((double)(now - start) / (double)heartbeat_ns * (double)count);
    for (; beats < due; beats++) {
      conn_t *conn = &conns[beats * 7919 % count];
      if (conn->phase == READY && !conn->stalled) send_heartbeat(conn);
    }
    pump(1);
  }
  for (last_byte_at = now_ns(); awaiting() > 0 && now_ns() - last_byte_at < patience_ns;) pump(10);
  report.lost += awaiting();
  run_quiet(200, 10000);
}

/* Frames that nobody is sent anything for, as fast as the server reads them; it answers the ping behind each batch. */
void run_events(int batch, double seconds) {
  char ping[sizeof ping_text + 16];
  size_t ping_length = put_text(ping, ping_text);
  uint64_t start = now_ns(), target = 0;
  do {
    for (int c = 0; c < conn_count; c++) {
      if (conns[c].phase != READY) continue;
      char *buffer = room_for(&conns[c], batch);
      size_t length = 0;
      for (int i = 0; i < batch; i++) length += put_frame(&conns[c], buffer + length, start);
      memcpy(buffer + length, ping, ping_length);
      write_all(&conns[c], buffer, length + ping_length);
    }
    target += (uint64_t)conn_count;
    if (!pump_until(&report.others, target, 1)) return;
    report.rounds++;
  } while ((double)(now_ns() - start) < seconds * 1e9);
}

/* Until nothing has come in for a time. */
void run_quiet(int ms, int timeout_ms) {
  uint64_t start = now_ns();
  last_byte_at = start;
  while (now_ns() - last_byte_at < (uint64_t)ms * 1000000ull) {
    pump(10);
    if (now_ns() - start > (uint64_t)timeout_ms * 1000000ull) return;
  }
}

/* Connections that are side by side are of one room: each must have the same last state, with everybody in it once. */
void check_states(int room_size) {
  for (int i = 0; i < conn_count; i++) {
    conn_t *conn = &conns[i], *first = &conns[i - i % room_size];
    if (conn->users != room_size || conn->hash != first->hash) report.wrong++;
  }
}
