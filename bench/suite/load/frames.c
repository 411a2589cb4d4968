/* What comes in: frames are counted, and the number in each is checked. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "load.h"

#define TEXT 1
#define CLOSE 8
#define PING 9

#define FLAG_SHIFT 64
#define RECORD 256 /* the flag is within so many bytes of the record's start */

static int64_t number_at(const char *digits) {
  int64_t number = 0;
  for (int i = 0; i < DIGITS; i++) number = number * 10 + (digits[i] - '0');
  return number;
}

static void take_number(conn_t *conn, int64_t number) {
  report.received++;
  if (echo_mode) {
    if (number < conn->next) report.disordered++;
    conn->next = number;
    if (conn->awaiting && number == conn->next_to_send - 1) {
      conn->awaiting = 0;
      add_latency(last_byte_at - conn->sent_at);
    }
    return;
  }
  if (number > conn->next && !gaps_allowed) report.lost += (uint64_t)(number - conn->next);
  if (number < conn->next) report.disordered++;
  else conn->next = number + 1;
  if (count_receipts) add_latency(last_byte_at - sent_at[number % RING]);
}

static void take_flag(conn_t *conn, int is_on) {
  report.received++;
  /* Even numbers switch it on, odd ones off. What was sent before the change shows the other one. */
  if (!conn->awaiting || is_on != ((conn->next_to_send - 1) % 2 == 0)) return;
  conn->awaiting = 0;
  add_latency(last_byte_at - conn->sent_at);
}

/*
 * Whether one's own record is in a frame, and then whether it says `speaking`. Records before it move it by a byte each, so it
 * is looked for about where it was.
 */
static int find_flag(conn_t *conn, const char *data, size_t have, int *is_on) {
  static const char flag[] = "\"speaking\":";
  const char *end = data + have, *record = NULL;
  if (conn->marker == NULL) return 0;
  if (conn->marker_at >= 0) {
    size_t from = conn->marker_at > FLAG_SHIFT ? (size_t)conn->marker_at - FLAG_SHIFT : 0;
    size_t to = (size_t)conn->marker_at + conn->marker_length + FLAG_SHIFT;
    if (to <= have) record = memmem(data + from, to - from, conn->marker, conn->marker_length);
  }
  if (record == NULL) record = memmem(data, have, conn->marker, conn->marker_length);
  if (record == NULL) return 0;
  conn->marker_at = record - data;
  size_t there = (size_t)(end - record);
  const char *found = memmem(record, there > RECORD ? RECORD : there, flag, sizeof flag - 1);
  if (found == NULL || found + sizeof flag > end) return 0;
  *is_on = found[sizeof flag - 1] == 't';
  return 1;
}

/* `data` is the start of the payload, or all of it. Whether there is a number in it. */
static int find_number(conn_t *conn, const char *data, size_t have) {
  size_t span = conn->marker_length + DIGITS;
  if (conn->marker == NULL) return 0;
  if (conn->marker_at >= 0 && have >= (size_t)conn->marker_at + span &&
      memcmp(data + conn->marker_at, conn->marker, conn->marker_length) == 0)
    return 1;
  const char *found = have == conn->payload ? memmem(data, have, conn->marker, conn->marker_length) : NULL;
  if (found == NULL || found + span > data + have) return 0;
  conn->marker_at = found - data;
  return 1;
}

static void remember(conn_t *conn, const char *data, size_t length) {
  static const char id[] = "{\"id\":\"";
  uint64_t hash = 1469598103934665603u;
  size_t at = 0;
  for (uint64_t word; at + 8 <= length; at += 8) {
    memcpy(&word, data + at, 8);
    hash = (hash ^ word) * 1099511628211u;
    hash ^= hash >> 29;
  }
  for (; at < length; at++) hash = (hash ^ (unsigned char)data[at]) * 1099511628211u;
  conn->hash = hash;
  conn->users = 0;
  for (const char *from = data; (from = memmem(from, (size_t)(data + length - from), id, sizeof id - 1)); from++)
    conn->users++;
}

static void take_frame(conn_t *conn, const char *data, size_t have) {
  if (conn->opcode == PING) {
    char pong[6] = {(char)0x8a, (char)0x80};
    write_all(conn, pong, sizeof pong);
    return;
  }
  if (conn->opcode == CLOSE) return gone(conn);
  if (conn->opcode != TEXT) return;
  conn->texts++;
  conn->last_length = conn->payload;
  if (whole_frames) remember(conn, data, have);
  int is_on;
  if (echo_mode == BY_FLAG) {
    if (find_flag(conn, data, have, &is_on)) take_flag(conn, is_on);
    else report.others++;
  } else if (find_number(conn, data, have)) take_number(conn, number_at(data + conn->marker_at + conn->marker_length));
  else report.others++;
  if (conn->phase == WAITING && conn->texts >= texts_until_ready) become_ready(conn);
}

/* How many of the first bytes of a frame that comes in parts are kept. */
static size_t worth_keeping(conn_t *conn) {
  if (whole_frames || echo_mode == BY_FLAG || conn->marker_at < 0 || conn->opcode != TEXT) return conn->payload;
  size_t end = (size_t)conn->marker_at + conn->marker_length + DIGITS;
  return end < conn->payload ? end : conn->payload;
}

static int read_head(conn_t *conn, const char **from, const char *end) {
  while (*from < end) {
    conn->head[conn->head_length++] = (unsigned char)*(*from)++;
    if (conn->head_length < 2) continue;
    int code = conn->head[1] & 0x7f;
    int extended = code == 127 ? 8 : code == 126 ? 2 : 0;
    if (conn->head_length < 2 + extended) continue;
    uint64_t length = extended == 0 ? (uint64_t)code : 0;
    for (int i = 0; i < extended; i++) length = length << 8 | conn->head[2 + i];
    conn->opcode = conn->head[0] & 0x0f;
    conn->payload = conn->missing = length;
    conn->kept_length = 0;
    return 1;
  }
  return 0;
}

static void keep(conn_t *conn, const char *from, size_t length) {
  size_t wanted = worth_keeping(conn);
  size_t more = conn->kept_length >= wanted ? 0 : wanted - conn->kept_length;
  if (more > length) more = length;
  if (conn->kept_capacity < conn->kept_length + more) {
    conn->kept_capacity = wanted;
    conn->kept = realloc(conn->kept, wanted);
  }
  memcpy(conn->kept + conn->kept_length, from, more);
  conn->kept_length += more;
}

/* Between frames `missing` is 0; a header that comes in parts waits in `head`. */
void take_bytes(conn_t *conn, const char *from, const char *end) {
  while (conn->phase != GONE && from < end) {
    if (conn->missing == 0 && !read_head(conn, &from, end)) return;
    conn->head_length = 0;
    size_t there = (size_t)(end - from);
    if (conn->missing == conn->payload && there >= conn->payload) {
      const char *data = from;
      from += conn->payload;
      conn->missing = 0;
      take_frame(conn, data, conn->payload);
      continue;
    }
    if (there > conn->missing) there = conn->missing;
    keep(conn, from, there);
    from += there;
    conn->missing -= there;
    if (conn->missing > 0) return;
    take_frame(conn, conn->kept, conn->kept_length);
  }
}
