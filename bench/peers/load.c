// The load of a relay: both ends of its connections in one process, clients and servers.
//
//     load ADDRESS PORT COUNT RELAY_ADDRESS
//
// Servers listen at ADDRESS on COUNT ports from PORT on, one for each relay that takes part, so that no relay meets the
// ports which another one has used up. Then each line of stdin asks for one run, as words KEY=VALUE in any order:
//
//     kind=bulk|ping|churn|hold   what the connections do, see below
//     port=N       where the relay listens, at RELAY_ADDRESS
//     conns=N      connections at the same time
//     size=N       bytes of a message; of a bulk run, of one send
//     warm=MS      before the clock starts
//     run=MS       until it stops
//     rate=N       of ping: requests per second, sent by the clock (an open loop); 0 sends the next one after an answer
//     zero=1       of bulk: sendfile and MSG_TRUNC, so that neither end copies
//     rst=1        of churn: the client closes with a reset
//     check=1      every byte is compared
//     calls=ID     counts the relay's system calls too, by the tracepoint of that number
//     pids=A,B     the relay's processes
//
// and gets one line, with -1 for what was not measured:
//
//     UNITS WALL_NANOS CPU_NANOS INSTRUCTIONS SWITCHES P50_NANOS P99_NANOS CALLS OWN_CPU_NANOS
//
// Units are bytes that arrived, requests that were answered, connections that were made and closed. CPU time,
// instructions, switches and calls are those of the relay's processes with all of their threads. `hold` makes
// connections, has a byte go to and fro over each, answers, and closes them at the next line, which has to be
// "release"; its units are the connections.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PERIOD 65521 // of the pattern: a prime, so that no block of ours or of a relay has the same length
#define LARGEST (4 << 20)
#define FDS 65536
#define EVENTS 256
#define TASKS 256
#define PATIENCE 60 // seconds after which a run has failed

typedef enum { BULK, PING, CHURN, HOLD } Kind;

// The run that is going on. Written while no connection is open.
static struct {
    Kind kind;
    int port, conns, warm, run, zero, rst, check;
    long size, rate;
    int64_t calls;
    int pids[64], pid_count;
} job;

static struct sockaddr_in relay;
static char *pattern;  // LARGEST + PERIOD bytes of it
static int pattern_fd; // the same as a file
static atomic_long received, answered, open_at_server, errors;
static atomic_int stopping;
static char said[256]; // the first error

static int64_t nanos(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void error(const char *format, ...) {
    int number = errno;
    if (atomic_fetch_add(&errors, 1) == 0) {
        va_list arguments;
        va_start(arguments, format);
        int length = vsnprintf(said, sizeof said - 40, format, arguments);
        va_end(arguments);
        snprintf(said + length, 40, ": %s", strerror(number));
    }
}

static void die(const char *what) {
    printf("error: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void set(int fd, int level, int name, int value) {
    if (setsockopt(fd, level, name, &value, sizeof value) < 0) die("setsockopt");
}

static void watch(int epoll, int command, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, command, fd, &event) < 0) die("epoll_ctl");
}

// close(2) alone leaves it in the epoll while another thread's call still has the file, and it would be told of once more
// (epoll(7), question 6).
static void drop(int epoll, int fd) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
    close(fd);
}

// ---- what comes and what is sent ----

static int differs(const char *bytes, long length, long offset) {
    return memcmp(bytes, pattern + offset % PERIOD, length) != 0;
}

// Sends what is left of the messages that are due, as far as it goes; the rest goes when epoll says so.
static int push(int epoll, int fd, long *left, int *waiting) {
    while (*left > 0) {
        long in_message = (job.size - *left % job.size) % job.size;
        ssize_t now = send(fd, pattern + in_message, job.size - in_message, MSG_NOSIGNAL);
        if (now > 0) {
            *left -= now;
        } else if (errno == EAGAIN) {
            if (!*waiting) watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLOUT);
            *waiting = 1;
            return 0;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    if (*waiting) watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
    *waiting = 0;
    return 0;
}

// ---- servers ----

static struct {
    long got;  // of the message that comes; of bulk, of all
    long left; // of the answers, not sent yet
    int waiting;
} at_server[FDS];

static void answer(int epoll, int fd) {
    if (push(epoll, fd, &at_server[fd].left, &at_server[fd].waiting) < 0 && !job.rst && !stopping) {
        error("a server could not answer");
    }
}

static void serve(int epoll, int fd, char *buffer) {
    int unread = job.kind == BULK && job.zero && !job.check;
    ssize_t now = recv(fd, buffer, LARGEST, unread ? MSG_TRUNC : 0);
    if (now < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (now <= 0) {
        // Of the other kinds the clients notice, and one of the run before may still come and go.
        if (now < 0 && job.kind == BULK && !stopping) error("a server's connection broke");
        drop(epoll, fd);
        atomic_fetch_sub(&open_at_server, 1);
        return;
    }
    long got = at_server[fd].got;
    if (job.check && differs(buffer, now, got)) error("a server got other bytes than were sent");
    got += now;
    if (job.kind == BULK) {
        atomic_fetch_add_explicit(&received, now, memory_order_relaxed);
    } else {
        at_server[fd].left += got / job.size * job.size;
        got %= job.size;
        answer(epoll, fd);
    }
    at_server[fd].got = got;
}

static void *servers(void *listeners) {
    int epoll = (int)(intptr_t)listeners;
    struct epoll_event events[EVENTS];
    char *buffer = malloc(LARGEST);
    while (1) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd >= 0) {
                if ((events[i].events & EPOLLOUT) != 0) answer(epoll, fd);
                if ((events[i].events & ~EPOLLOUT) != 0) serve(epoll, fd, buffer);
                continue;
            }
            int client;
            while ((client = accept4(~fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                set(client, IPPROTO_TCP, TCP_NODELAY, 1);
                memset(&at_server[client], 0, sizeof at_server[client]);
                atomic_fetch_add(&open_at_server, 1);
                watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN);
            }
            if (errno != EAGAIN && errno != ECONNABORTED) error("accept");
        }
    }
    return NULL;
}

static void listen_at(int epoll, const char *address, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event event = {.events = EPOLLIN};
    if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1) die(address);
    set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 4096) < 0) die("listen");
    event.data.u64 = (uint64_t)(uint32_t)~fd; // a negative number says that it listens
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

// ---- latencies: 64 steps to each power of two ----

#define STEPS 64
static uint32_t histogram[64 * STEPS];
static atomic_int recording;

static void record(int64_t value) {
    if (!recording) return;
    if (value < STEPS) {
        histogram[value < 0 ? 0 : value]++;
    } else {
        int power = 63 - __builtin_clzll(value);
        histogram[(power - 5) * STEPS + (value >> (power - 6) & (STEPS - 1))]++;
    }
}

static int64_t percentile(double share) {
    uint64_t total = 0, below = 0;
    for (int i = 0; i < 64 * STEPS; i++) total += histogram[i];
    if (total == 0) return -1;
    for (int i = 0; i < 64 * STEPS; i++) {
        below += histogram[i];
        if (below >= total * share) {
            return i < STEPS ? i : (1LL << (i / STEPS + 5)) + ((int64_t)(i % STEPS) << (i / STEPS - 1));
        }
    }
    return -1;
}

// ---- clients ----

#define PIPELINE 1024 // requests that may wait for their answers on one connection of an open loop

typedef struct {
    int fd;
    long got;             // of the answer that comes
    long left;            // of the requests, not sent yet
    int waiting;
    uint32_t asked, told; // requests sent and answered
    int64_t since[];      // when each should have been sent; one, or PIPELINE of them
} Client;

static Client *by_fd[FDS];

static int dial(int nonblocking) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
    if (fd < 0) die("socket");
    set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    relay.sin_port = htons(job.port);
    if (connect(fd, (struct sockaddr *)&relay, sizeof relay) < 0 && errno != EINPROGRESS) {
        error("connect");
        close(fd);
        return -1;
    }
    return fd;
}

static void bulk(int epoll) {
    struct epoll_event events[EVENTS];
    static long offset[FDS];
    for (int i = 0; i < job.conns; i++) {
        int fd = dial(0);
        if (fd < 0) return;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) die("fcntl");
        offset[fd] = 0;
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLOUT);
    }
    while (!stopping) {
        int count = epoll_wait(epoll, events, EVENTS, 50);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            off_t at = offset[fd] % PERIOD;
            ssize_t sent = job.zero ? sendfile(fd, pattern_fd, &at, job.size)
                                    : send(fd, pattern + at, job.size, MSG_NOSIGNAL);
            if (sent > 0) {
                offset[fd] += sent;
            } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
                error("a client could not send");
                drop(epoll, fd);
            }
        }
    }
}

static int ask(int epoll, Client *client, int64_t when, int pipeline) {
    if (client->asked - client->told >= (uint32_t)pipeline) {
        errno = ETIMEDOUT;
        error("%d requests wait on one connection", pipeline);
        return -1;
    }
    client->since[client->asked++ % pipeline] = when;
    client->left += job.size;
    if (push(epoll, client->fd, &client->left, &client->waiting) < 0) {
        if (!stopping) error("a client could not ask");
        return -1;
    }
    return 0;
}

// Takes what came of an answer; returns how many answers it ended, or -1 when the connection is of no use any more.
static int answers(Client *client, char *buffer, int pipeline) {
    ssize_t now = recv(client->fd, buffer, LARGEST, 0);
    int ended = 0;
    if (now < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (now <= 0) {
        if (now == 0) errno = ECONNRESET;
        error("a client got no answer");
        return -1;
    }
    if (job.check && client->got + now <= job.size && differs(buffer, now, client->got)) {
        error("a client got other bytes than were sent");
    }
    for (client->got += now; client->got >= job.size; ended++) {
        client->got -= job.size;
        record(nanos(CLOCK_MONOTONIC) - client->since[client->told++ % pipeline]);
        atomic_fetch_add_explicit(&answered, 1, memory_order_relaxed);
    }
    return ended;
}

static Client *client_of(int fd, int pipeline) {
    Client *client = calloc(1, sizeof *client + pipeline * sizeof client->since[0]);
    client->fd = fd;
    by_fd[fd] = client;
    return client;
}

static void ping(int epoll, char *buffer) {
    struct epoll_event events[EVENTS];
    int pipeline = job.rate > 0 ? PIPELINE : 1;
    Client **all = calloc(job.conns, sizeof *all);
    for (int i = 0; i < job.conns; i++) {
        int fd = dial(0);
        if (fd < 0) return;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) die("fcntl");
        all[i] = client_of(fd, pipeline);
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN);
    }
    int64_t gap = job.rate > 0 ? 1000000000LL / job.rate : 0;
    int64_t due = nanos(CLOCK_MONOTONIC);
    int turn = 0;
    if (gap == 0) {
        for (int i = 0; i < job.conns; i++) ask(epoll, all[i], due, pipeline);
    }
    while (!stopping && errors == 0) {
        struct timespec wait = {.tv_nsec = 50000000};
        if (gap > 0) {
            int64_t now = nanos(CLOCK_MONOTONIC);
            for (; due <= now; due += gap) ask(epoll, all[turn++ % job.conns], due, pipeline);
            wait.tv_nsec = due - now < wait.tv_nsec ? due - now : wait.tv_nsec;
        }
        int count = syscall(SYS_epoll_pwait2, epoll, events, EVENTS, &wait, NULL, 0);
        for (int i = 0; i < count; i++) {
            Client *client = by_fd[events[i].data.fd];
            if ((events[i].events & EPOLLOUT) != 0) push(epoll, client->fd, &client->left, &client->waiting);
            if ((events[i].events & ~EPOLLOUT) == 0) continue;
            int ended = answers(client, buffer, pipeline);
            if (ended > 0 && gap == 0 && !stopping) ask(epoll, client, nanos(CLOCK_MONOTONIC), pipeline);
        }
    }
    free(all);
}

static void start_one(int epoll) {
    int fd = stopping ? -1 : dial(1);
    if (fd >= 0) {
        client_of(fd, 1)->since[0] = nanos(CLOCK_MONOTONIC);
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLOUT);
    }
}

// A connection for each request; the latency is from the call of connect to the whole answer.
static void churn(int epoll, char *buffer) {
    struct epoll_event events[EVENTS];
    for (int i = 0; i < job.conns; i++) start_one(epoll);
    while (!stopping && errors == 0) {
        int count = epoll_wait(epoll, events, EVENTS, 50);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            Client *client = by_fd[fd];
            if (client->asked == 0) {
                client->asked = 1;
                if (send(fd, pattern, job.size, MSG_NOSIGNAL) != job.size) error("a client could not ask");
                watch(epoll, EPOLL_CTL_MOD, fd, EPOLLIN);
            } else if (answers(client, buffer, 1) != 0) {
                struct linger reset = {1, 0};
                if (job.rst) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
                close(fd);
                free(client);
                by_fd[fd] = NULL;
                start_one(epoll);
            }
        }
    }
}

static void hold(void) {
    for (int i = 0; i < job.conns && errors == 0; i++) {
        struct timeval patience = {.tv_sec = 5};
        char byte;
        int fd = dial(0);
        if (fd < 0) return;
        client_of(fd, 1);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (send(fd, pattern, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1) error("connection %d brought no answer", i + 1);
        atomic_fetch_add(&answered, 1);
    }
}

static void *clients(void *unused) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    char *buffer = malloc(LARGEST);
    (void)unused;
    switch (job.kind) {
    case BULK: bulk(epoll); break;
    case PING: ping(epoll, buffer); break;
    case CHURN: churn(epoll, buffer); break;
    case HOLD: hold(); break;
    }
    close(epoll);
    free(buffer);
    return NULL;
}

static void close_clients(void) {
    struct linger reset = {1, 0};
    for (int fd = 0; fd < FDS; fd++) {
        if (by_fd[fd] != NULL) {
            if (job.kind == CHURN || job.rst) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            close(fd);
            free(by_fd[fd]);
            by_fd[fd] = NULL;
        }
    }
}

// ---- what the relay used ----

typedef struct {
    int64_t cpu, switches;
} Usage;

static void each_task(void (*then)(int tid, const char *directory, void *data), void *data) {
    for (int i = 0; i < job.pid_count; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/task", job.pids[i]);
        DIR *tasks = opendir(path);
        struct dirent *task;
        while (tasks != NULL && (task = readdir(tasks)) != NULL) {
            char own[400];
            if (task->d_name[0] == '.') continue;
            snprintf(own, sizeof own, "%s/%s", path, task->d_name);
            then(atoi(task->d_name), own, data);
        }
        if (tasks != NULL) closedir(tasks);
    }
}

// Source: proc_pid_schedstat(5) in nanoseconds, proc_pid_status(5).
static void add_usage(int tid, const char *directory, void *data) {
    Usage *usage = data;
    char path[440], line[256];
    long long nanoseconds, count;
    FILE *file;
    (void)tid;
    snprintf(path, sizeof path, "%s/schedstat", directory);
    if ((file = fopen(path, "r")) != NULL) {
        if (fscanf(file, "%lld", &nanoseconds) == 1) usage->cpu += nanoseconds;
        fclose(file);
    }
    snprintf(path, sizeof path, "%s/status", directory);
    if ((file = fopen(path, "r")) != NULL) {
        while (fgets(line, sizeof line, file) != NULL) {
            if (sscanf(line, "voluntary_ctxt_switches: %lld", &count) == 1
                || sscanf(line, "nonvoluntary_ctxt_switches: %lld", &count) == 1) {
                usage->switches += count;
            }
        }
        fclose(file);
    }
}

static Usage usage(void) {
    Usage sum = {0, 0};
    each_task(add_usage, &sum);
    return sum;
}

typedef struct {
    uint32_t type;
    uint64_t config;
    int fds[TASKS], count, refused;
} Counter;

static void add_counter(int tid, const char *directory, void *data) {
    Counter *counter = data;
    struct perf_event_attr attr = {
        .size = sizeof attr, .type = counter->type, .config = counter->config, .exclude_hv = 1, .inherit = 1};
    int fd = counter->count < TASKS ? syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC) : -1;
    (void)directory;
    if (fd < 0) {
        counter->refused = 1;
    } else {
        counter->fds[counter->count++] = fd;
    }
}

static int64_t total(const Counter *counter) {
    int64_t sum = 0, value;
    if (counter->refused || counter->count == 0) return -1;
    for (int i = 0; i < counter->count; i++) {
        if (read(counter->fds[i], &value, sizeof value) == sizeof value) sum += value;
    }
    return sum;
}

static void close_counter(Counter *counter) {
    for (int i = 0; i < counter->count; i++) close(counter->fds[i]);
}

// ---- a run ----

static void parse(char *line) {
    memset(&job, 0, sizeof job);
    job.calls = -1;
    for (char *word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n")) {
        char *value = strchr(word, '=');
        if (value == NULL) continue;
        *value++ = 0;
        long number = atol(value);
        if (!strcmp(word, "kind")) {
            job.kind = !strcmp(value, "bulk") ? BULK : !strcmp(value, "ping") ? PING : !strcmp(value, "churn") ? CHURN : HOLD;
        } else if (!strcmp(word, "port")) {
            job.port = number;
        } else if (!strcmp(word, "conns")) {
            job.conns = number;
        } else if (!strcmp(word, "size")) {
            job.size = number < LARGEST ? number : LARGEST;
        } else if (!strcmp(word, "warm")) {
            job.warm = number;
        } else if (!strcmp(word, "run")) {
            job.run = number;
        } else if (!strcmp(word, "rate")) {
            job.rate = number;
        } else if (!strcmp(word, "zero")) {
            job.zero = number;
        } else if (!strcmp(word, "rst")) {
            job.rst = number;
        } else if (!strcmp(word, "check")) {
            job.check = number;
        } else if (!strcmp(word, "calls")) {
            job.calls = number;
        } else if (!strcmp(word, "pids")) {
            for (char *at = value; *at && job.pid_count < 64;) {
                job.pids[job.pid_count++] = strtol(at, &at, 10);
                if (*at == ',') at++;
            }
        }
    }
    if (job.kind == HOLD) job.size = 1;
}

static void rest(int millis) {
    struct timespec time = {millis / 1000, millis % 1000 * 1000000L};
    while (nanosleep(&time, &time) < 0 && errno == EINTR) {}
}

static long units(void) {
    return job.kind == BULK ? received : answered;
}

// The relay has to pass on that we closed: the next run begins with no connection.
static void settle(void) {
    for (int i = 0; i < 30000 && open_at_server > 0; i++) rest(1); // half a minute, on a machine that is busy
    if (open_at_server > 0) {
        errno = ETIMEDOUT;
        error("%ld connections were not closed by the relay", (long)open_at_server);
    }
}

static void run(void) {
    pthread_t thread;
    Counter instructions = {.type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_INSTRUCTIONS};
    Counter calls = {.type = PERF_TYPE_TRACEPOINT, .config = job.calls};
    received = answered = errors = stopping = recording = 0;
    memset(histogram, 0, sizeof histogram);
    if (pthread_create(&thread, NULL, clients, NULL) != 0) die("pthread_create");
    if (job.kind == HOLD) {
        char line[64];
        pthread_join(thread, NULL);
        printf(errors ? "error: %s\n" : "%s%ld 0 0 -1 0 -1 -1 -1 0\n", errors ? said : "", (long)answered);
        if (fgets(line, sizeof line, stdin) == NULL) exit(0);
        stopping = 1;
        close_clients();
        settle();
        return;
    }
    rest(job.warm);
    each_task(add_counter, &instructions);
    if (job.calls >= 0) each_task(add_counter, &calls);
    Usage used = usage();
    int64_t own = nanos(CLOCK_PROCESS_CPUTIME_ID), wall = nanos(CLOCK_MONOTONIC);
    int64_t counted = total(&instructions), made = total(&calls);
    recording = 1; // before the first is counted, and until the last one is: each that counts has its latency
    int64_t before = units();
    rest(job.run);
    int64_t after = units();
    recording = 0;
    wall = nanos(CLOCK_MONOTONIC) - wall;
    own = nanos(CLOCK_PROCESS_CPUTIME_ID) - own;
    Usage now = usage();
    counted = counted < 0 ? -1 : total(&instructions) - counted;
    made = made < 0 ? -1 : total(&calls) - made;
    close_counter(&instructions);
    close_counter(&calls);
    stopping = 1;
    pthread_join(thread, NULL);
    if (job.kind == BULK) {
        // Those of bulk are in no table: all that the clients thread opened is closed by number.
        for (int fd = 3; fd < FDS; fd++) {
            struct sockaddr_in peer;
            socklen_t length = sizeof peer;
            if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_port == relay.sin_port
                && peer.sin_addr.s_addr == relay.sin_addr.s_addr) {
                close(fd);
            }
        }
    }
    close_clients();
    settle();
    if (errors > 0) {
        printf("error: %s (%ld errors)\n", said, (long)errors);
    } else if (after == before) {
        printf("error: nothing arrived\n");
    } else {
        printf("%lld %lld %lld %lld %lld %lld %lld %lld %lld\n", (long long)(after - before), (long long)wall,
               (long long)(now.cpu - used.cpu), (long long)counted, (long long)(now.switches - used.switches),
               (long long)percentile(0.5), (long long)percentile(0.99), (long long)made, (long long)own);
    }
}

int main(int argc, char **argv) {
    char line[1024];
    pthread_t thread;
    struct rlimit files = {FDS, FDS};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (argc < 5) {
        fprintf(stderr, "usage: load ADDRESS PORT COUNT RELAY_ADDRESS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1); // nanoseconds: an open loop keeps to its clock
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) {
        getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    pattern = mmap(NULL, LARGEST + PERIOD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pattern == MAP_FAILED) die("mmap");
    for (long i = 0; i < LARGEST + PERIOD; i++) {
        uint32_t mixed = (uint32_t)(i % PERIOD) * 2654435761u;
        pattern[i] = mixed >> 24;
    }
    pattern_fd = memfd_create("pattern", MFD_CLOEXEC);
    if (pattern_fd < 0 || write(pattern_fd, pattern, LARGEST + PERIOD) != LARGEST + PERIOD) die("memfd");
    relay.sin_family = AF_INET;
    if (inet_pton(AF_INET, argv[4], &relay.sin_addr) != 1) die(argv[4]);
    for (int i = 0; i < atoi(argv[3]); i++) listen_at(epoll, argv[1], atoi(argv[2]) + i);
    if (pthread_create(&thread, NULL, servers, (void *)(intptr_t)epoll) != 0) die("pthread_create");
    printf("ready\n");
    while (fgets(line, sizeof line, stdin) != NULL) {
        parse(line);
        alarm((job.warm + job.run) / 1000 + PATIENCE); // a run that hangs ends this process
        run();
        alarm(0);
    }
    return 0;
}
