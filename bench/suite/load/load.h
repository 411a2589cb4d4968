/* The load generator: one process, one thread, bare sockets. See load.c for what it can be told. */
#ifndef SATSUMA_LOAD_H
#define SATSUMA_LOAD_H
#include <stddef.h>
#include <stdint.h>

/* A frame's number: so many decimal digits behind its marker. */
#define DIGITS 8
enum echo { NO_ECHO, BY_NUMBER, BY_FLAG };
#define RING 65536 /* numbers whose time of sending is known */
#define LATENCY_BUCKETS 2000000 /* of one microsecond each; the last takes all that is longer */

/* A client's frame, ready to be sent but for its number. */
typedef struct {
  char *bytes[2]; /* even numbers send the first, odd ones the second */
  size_t length[2];
  size_t number_at[2]; /* 0: this frame has no number */
} template_t;

enum phase { CONNECTING, SHAKING_HANDS, WAITING, READY, GONE };

typedef struct {
  int fd;
  enum phase phase;
  int stalled;
  const char *request; /* the handshake; owned by the list of `open` */
  size_t sent; /* bytes of the handshake that have been written */
  char *marker;
  size_t marker_length;
  template_t *frame;
  uint64_t started_at;
  /* The frame that is coming in. */
  unsigned char head[16];
  int head_length;
  int opcode;
  uint64_t payload; /* its length */
  uint64_t missing;
  char *kept; /* as much of its start as is looked at */
  size_t kept_length, kept_capacity;
  /* Numbers. */
  long marker_at; /* where the marker stood last time; -1: not known */
  int64_t next; /* the number that is to come; in echo mode the highest seen */
  int64_t next_to_send;
  int awaiting; /* echo mode: its own last number has not come back */
  uint64_t sent_at;
  /* The last text frame. */
  int texts;
  long users;
  uint64_t hash;
  uint64_t last_length;
} conn_t;

/* What has happened since the command began. */
typedef struct {
  uint64_t received, others, bytes, sent, rounds;
  uint64_t lost, disordered, gone, wrong, ready, late;
  uint64_t latencies, longest_ns;
  double seconds;
} report_t;

extern conn_t *conns;
extern int conn_count;
extern report_t report;
extern int whole_frames; /* every payload is put together, hashed, and its users counted */
/* Each looks for its own change in what everybody gets: BY_NUMBER, or BY_FLAG: its marker is its id, and `speaking` stands behind. */
extern int echo_mode;
extern int count_receipts; /* latency is that of each receipt */
extern int gaps_allowed; /* numbers may be left out */
extern int texts_until_ready;
extern char hello[256]; /* sent by each as soon as it is connected */
extern char heartbeat_text[256], ping_text[256];
extern uint64_t patience_ns; /* after so long without what was expected, it is lost */
extern uint64_t sent_at[RING];
extern uint64_t last_byte_at;

uint64_t now_ns(void);
void start_report(void);
void add_latency(uint64_t ns);
double latency_ms(double quantile);

void sockets_init(void);
void open_all(int port, int count, int in_flight, char **requests);
void close_all(void);
void watch(int index, int reading);
/* Reads what is there, or waits up to `timeout_ms` for something; on how many connections there was. */
int pump(int timeout_ms);
/* Waits more exactly than by the millisecond; a load that spins is the first to be taken off a busy core. */
void pump_for(uint64_t ns);
/*
 * The same for throughput: many at a time, and never waiting in the kernel, where each `send` of the server would have to
 * wake this process up and the server would pay for that.
 */
void pump_in_gulps(void);
void gone(conn_t *conn);
void become_ready(conn_t *conn);
void take_bytes(conn_t *conn, const char *from, const char *end);
void write_all(conn_t *conn, const char *bytes, size_t length);
size_t put_client_header(char *out, size_t payload);

void run_lockstep(int senders, int batch, double seconds, int expected);
void run_paced(int sender, uint64_t interval_ns, double seconds, int expected);
void run_each(void);
void run_live(uint64_t toggle_ns, uint64_t heartbeat_ns, double seconds);
void run_events(int batch, double seconds);
void run_quiet(int ms, int timeout_ms);
void check_states(int room_size);
#endif
