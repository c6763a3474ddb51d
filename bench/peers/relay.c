// A TCP relay as a C programmer writes it who knows epoll and splice: what any relay on this machine is held against.
//
//     relay THREADS LISTEN_ADDRESS LISTEN_PORT UPSTREAM_ADDRESS UPSTREAM_PORT [MARK]
//
// Each thread has an epoll instance of its own and accepts for itself (EPOLLEXCLUSIVE). Sockets are edge-triggered with
// their interest set once. Small messages go by recv and send of one buffer per thread; a direction whose read fills the
// buffer goes on by splice through a pipe of 1 MiB, and back after eight small pieces. Pipes are taken from a pool while
// bytes are in them. The end of one direction is passed on as a half-close, a reset as a reset. With MARK, clients'
// sockets wake us for that many bytes only (SO_RCVLOWAT): it never looks at a tail, so for bulk that has none.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)
#define BUFFER (64 << 10)
#define SMALL (8 << 10) // a spliced piece of less
#define SMALL_PIECES 8
#define STEPS 16 // of a direction before another has its turn
#define SPARES 64
#define EVENTS 512

typedef struct Pipe {
    int read, write;
    struct Pipe *next;
} Pipe;

// One way through a connection.
typedef struct {
    int in, out;
    Pipe *pipe;
    size_t in_pipe;
    char *kept; // what send did not take
    size_t kept_from, kept_to;
    int readable, writable, hung_up, ended, shut, bulk, small_pieces;
} Direction;

// data[0] is that of the client, data[1] that of the upstream: epoll tells which side has news by their addresses.
typedef struct Connection {
    struct Side {
        struct Connection *connection;
        int fd, number;
    } side[2];
    Direction direction[2];
    int closed, queued;
    struct Connection *next; // in the queue of its thread, or among the dead
} Connection;

typedef struct {
    int epoll, spare_count;
    Pipe *spares;
    char *buffer;
    Connection *queue, *dead;
} Thread;

static int listener, mark;
static struct sockaddr_in upstream;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void set(int fd, int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
}

// ---- pipes ----

static Pipe *take_pipe(Thread *thread) {
    Pipe *pipe = thread->spares;
    int ends[2];
    if (pipe != NULL) {
        thread->spares = pipe->next;
        thread->spare_count--;
        return pipe;
    }
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) return NULL;
    fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
    pipe = malloc(sizeof *pipe);
    pipe->read = ends[0];
    pipe->write = ends[1];
    return pipe;
}

static void give_pipe(Thread *thread, Pipe *pipe, int empty) {
    if (!empty || thread->spare_count == SPARES) {
        close(pipe->read);
        close(pipe->write);
        free(pipe);
    } else {
        pipe->next = thread->spares;
        thread->spares = pipe;
        thread->spare_count++;
    }
}

// ---- moving ----

typedef enum { WAITS, GOES_ON, FAILED } Step;

// Gives what was taken to the output.
static Step deliver(Direction *d) {
    ssize_t now;
    if (!d->writable) return WAITS;
    if (d->kept != NULL) {
        now = send(d->out, d->kept + d->kept_from, d->kept_to - d->kept_from, MSG_NOSIGNAL);
    } else {
        now = splice(d->pipe->read, NULL, d->out, NULL, d->in_pipe, SPLICE_F_NONBLOCK);
    }
    if (now < 0) {
        d->writable = 0;
        return errno == EAGAIN ? WAITS : FAILED;
    }
    if (d->kept == NULL) {
        d->in_pipe -= now;
    } else if ((d->kept_from += now) == d->kept_to) {
        free(d->kept);
        d->kept = NULL;
    }
    return GOES_ON;
}

static Step copy(Thread *thread, Direction *d) {
    ssize_t got = recv(d->in, thread->buffer, BUFFER, 0);
    ssize_t sent;
    if (got < 0) {
        d->readable = 0;
        return errno == EAGAIN ? WAITS : FAILED;
    }
    if (got == 0) {
        d->ended = 1;
        return WAITS;
    }
    if (got == BUFFER) d->bulk = 1;
    if (got < BUFFER && !d->hung_up) d->readable = 0; // it is empty now: more is a new edge, epoll(7)
    sent = d->writable ? send(d->out, thread->buffer, got, MSG_NOSIGNAL) : 0;
    if (sent < 0) {
        if (errno != EAGAIN) return FAILED;
        sent = 0;
    }
    if (sent < got) {
        d->writable = 0;
        d->kept = malloc(got - sent);
        memcpy(d->kept, thread->buffer + sent, got - sent);
        d->kept_from = 0;
        d->kept_to = got - sent;
    }
    return GOES_ON;
}

static Step fill(Thread *thread, Direction *d) {
    ssize_t got;
    if (d->pipe == NULL && (d->pipe = take_pipe(thread)) == NULL) return FAILED;
    got = splice(d->in, NULL, d->pipe->write, NULL, PIPE_SIZE, SPLICE_F_NONBLOCK);
    if (got < 0) {
        d->readable = 0;
        return errno == EAGAIN ? WAITS : FAILED;
    }
    if (got == 0) {
        d->ended = 1;
        return WAITS;
    }
    d->in_pipe = got;
    d->small_pieces = got < SMALL ? d->small_pieces + 1 : 0;
    if (d->small_pieces == SMALL_PIECES) d->bulk = d->small_pieces = 0;
    return GOES_ON;
}

// Moves what can be moved now. GOES_ON when its turn is over and there may be more.
static Step move(Thread *thread, Direction *d) {
    for (int i = 0; i < STEPS; i++) {
        Step step;
        if (d->in_pipe > 0 || d->kept != NULL) {
            step = deliver(d);
        } else if (d->ended || !d->readable) {
            step = WAITS;
        } else {
            step = d->bulk ? fill(thread, d) : copy(thread, d);
        }
        if (step == FAILED) return FAILED;
        if (step == WAITS) {
            if (d->in_pipe == 0 && d->pipe != NULL) {
                give_pipe(thread, d->pipe, 1);
                d->pipe = NULL;
            }
            if (d->ended && d->in_pipe == 0 && d->kept == NULL && !d->shut) {
                d->shut = 1;
                shutdown(d->out, SHUT_WR);
            }
            return WAITS;
        }
    }
    return GOES_ON;
}

// ---- connections ----

static void end(Thread *thread, Connection *connection, int reset) {
    if (connection->closed) return;
    connection->closed = 1;
    for (int i = 0; i < 2; i++) {
        Direction *d = &connection->direction[i];
        struct linger linger = {1, 0};
        if (reset) setsockopt(d->in, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        close(d->in);
        if (d->pipe != NULL) give_pipe(thread, d->pipe, d->in_pipe == 0);
        free(d->kept);
    }
    if (!connection->queued) {
        connection->next = thread->dead;
        thread->dead = connection;
    }
}

static void go(Thread *thread, Connection *connection) {
    Step there = move(thread, &connection->direction[0]);
    Step back = there == FAILED ? FAILED : move(thread, &connection->direction[1]);
    if (back == FAILED) {
        end(thread, connection, 1);
    } else if (connection->direction[0].shut && connection->direction[1].shut) {
        end(thread, connection, 0);
    } else if ((there == GOES_ON || back == GOES_ON) && !connection->queued) {
        connection->queued = 1;
        connection->next = thread->queue;
        thread->queue = connection;
    }
}

static void news(Thread *thread, struct Side *side, uint32_t events) {
    Connection *connection = side->connection;
    Direction *from = &connection->direction[side->number];
    Direction *to = &connection->direction[1 - side->number];
    if (connection->closed) return;
    if ((events & EPOLLERR) != 0) {
        end(thread, connection, 1);
        return;
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) from->hung_up = 1;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP)) != 0) from->readable = 1;
    if ((events & EPOLLOUT) != 0) to->writable = 1;
    go(thread, connection);
}

static void join(Thread *thread, int client) {
    Connection *connection;
    int fds[2] = {client, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (fds[1] < 0) {
        close(client);
        return;
    }
    set(client, IPPROTO_TCP, TCP_NODELAY, 1);
    set(fds[1], IPPROTO_TCP, TCP_NODELAY, 1);
    if (mark > 0) set(client, SOL_SOCKET, SO_RCVLOWAT, mark);
    if (connect(fds[1], (struct sockaddr *)&upstream, sizeof upstream) < 0 && errno != EINPROGRESS) {
        close(client);
        close(fds[1]);
        return;
    }
    connection = calloc(1, sizeof *connection);
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
        connection->side[i].connection = connection;
        connection->side[i].fd = fds[i];
        connection->side[i].number = i;
        connection->direction[i].in = fds[i];
        connection->direction[i].out = fds[1 - i];
        event.data.ptr = &connection->side[i];
        epoll_ctl(thread->epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
}

static void *loop(void *own) {
    Thread *thread = own;
    struct epoll_event events[EVENTS];
    thread->buffer = malloc(BUFFER);
    while (1) {
        int count = epoll_wait(thread->epoll, events, EVENTS, thread->queue == NULL ? -1 : 0);
        Connection *waiting = thread->queue;
        thread->queue = NULL;
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr != NULL) {
                news(thread, events[i].data.ptr, events[i].events);
                continue;
            }
            for (int j = 0, client; j < 4 && (client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;
                 j++) {
                join(thread, client);
            }
        }
        while (waiting != NULL) {
            Connection *next = waiting->next;
            waiting->queued = 0;
            if (waiting->closed) {
                waiting->next = thread->dead;
                thread->dead = waiting;
            } else {
                go(thread, waiting);
            }
            waiting = next;
        }
        while (thread->dead != NULL) { // no event of this batch may still name them
            Connection *next = thread->dead->next;
            free(thread->dead);
            thread->dead = next;
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    struct rlimit files;
    struct sockaddr_in at = {.sin_family = AF_INET};
    if (argc < 6) {
        fprintf(stderr, "usage: relay THREADS LISTEN_ADDRESS LISTEN_PORT UPSTREAM_ADDRESS UPSTREAM_PORT [MARK]\n");
        return 2;
    }
    int threads = atoi(argv[1]);
    at.sin_port = htons(atoi(argv[3]));
    upstream.sin_family = AF_INET;
    upstream.sin_port = htons(atoi(argv[5]));
    if (inet_pton(AF_INET, argv[2], &at.sin_addr) != 1 || inet_pton(AF_INET, argv[4], &upstream.sin_addr) != 1) {
        die("inet_pton");
    }
    mark = argc > 6 ? atoi(argv[6]) : 0;
    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) die("listen");
    for (int i = 0; i < threads; i++) {
        Thread *thread = calloc(1, sizeof *thread);
        struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = NULL};
        pthread_t started;
        thread->epoll = epoll_create1(EPOLL_CLOEXEC);
        if (epoll_ctl(thread->epoll, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll_ctl");
        if (pthread_create(&started, NULL, loop, thread) != 0) die("pthread_create");
    }
    pause();
    return 0;
}
