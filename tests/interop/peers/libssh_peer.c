/* libssh in both roles, as a program of its own: what it prints on stderr drives the tests.
 *
 * client HOST PORT USER KEY[,KEY...] HOST_KEY_LINE REKEY_BYTES TARGET...   forwards, until it is ended
 * server PORT HOST_KEY AUTHORIZED_KEYS REKEY_BYTES                         serves forwards, until then
 *
 * The keys are tried in their order; REKEY_BYTES 0 leaves the library's own limit. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <libssh/server.h>

enum { STREAMS = 64, TARGETS = 16, PIECE = 32768 };

/* What was read and is not written yet. */
typedef struct {
    char bytes[PIECE];
    int from, to;
} Piece;

typedef struct {
    int socket;
    ssh_channel channel;
    char host[64];
    int port;
    bool opening, socket_ended, channel_ended;
    Piece up, down;
} Stream;

typedef struct {
    int listener;
    char host[64];
    int port;
} Target;

static Stream *streams[STREAMS];
static Target targets[TARGETS];
static int target_count;
static ssh_session session;
static ssh_key authorized;

static void say(const char *format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    fprintf(stderr, "libssh: %s\n", line);
}

static void fail(const char *what) {
    say("%s: %s", what, session != NULL ? ssh_get_error(session) : strerror(errno));
    exit(1);
}

static void split_target(const char *text, char *host, int *port) {
    const char *const colon = strrchr(text, ':');
    if (colon == NULL || colon - text >= 64) fail(text);
    snprintf(host, 64, "%.*s", (int)(colon - text), text);
    *port = atoi(colon + 1);
}

static int tcp_socket(const char *host, int port, struct sockaddr_in *address) {
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, host, &address->sin_addr) != 1) fail(host);
    return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int listen_at(const char *host, int port) {
    struct sockaddr_in address;
    const int on = 1, listener = tcp_socket(host, port, &address);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 64) < 0) fail("listen");
    return listener;
}

static int port_of(int listener) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static Stream *add_stream(int socket, ssh_channel channel) {
    for (int place = 0; place < STREAMS; ++place) {
        if (streams[place] != NULL) continue;
        const int on = 1;
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        fcntl(socket, F_SETFL, O_NONBLOCK);
        Stream *const stream = streams[place] = calloc(1, sizeof *stream);
        stream->socket = socket;
        stream->channel = channel;
        return stream;
    }
    say("more than %d streams", STREAMS);
    exit(1);
}

/* `reset`: the program at the socket must not take this for a clean end. */
static void end_stream(Stream *stream, bool reset) {
    if (reset) {
        const struct linger none = {.l_onoff = 1};
        setsockopt(stream->socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    close(stream->socket);
    if (!stream->opening) ssh_channel_close(stream->channel);
    ssh_channel_free(stream->channel);
    for (int place = 0; place < STREAMS; ++place) {
        if (streams[place] == stream) streams[place] = NULL;
    }
    free(stream);
}

/* False once the socket or the channel is broken. */
static bool carry_up(Stream *stream) {
    Piece *const up = &stream->up;
    while (!stream->socket_ended) {
        if (up->from == up->to) {
            if (ssh_channel_window_size(stream->channel) == 0) return true;
            const ssize_t count = recv(stream->socket, up->bytes, PIECE, 0);
            if (count < 0) return errno == EAGAIN;
            if (count == 0) {
                stream->socket_ended = true;
                return ssh_channel_send_eof(stream->channel) == SSH_OK;
            }
            up->from = 0;
            up->to = (int)count;
        }
        /* Less than all of it where the window ends, and nothing during a key exchange. */
        const int taken =
            ssh_channel_write(stream->channel, up->bytes + up->from, (uint32_t)(up->to - up->from));
        if (taken < 0) return taken == SSH_AGAIN;
        if (taken == 0) return true;
        up->from += taken;
    }
    return true;
}

static bool carry_down(Stream *stream) {
    Piece *const down = &stream->down;
    while (!stream->channel_ended) {
        if (down->from == down->to) {
            const int count = ssh_channel_read_nonblocking(stream->channel, down->bytes, PIECE, 0);
            if (count == SSH_EOF || (count == 0 && ssh_channel_is_eof(stream->channel))) {
                stream->channel_ended = true;
                shutdown(stream->socket, SHUT_WR);
                return true;
            }
            if (count == 0 || count == SSH_AGAIN) return !ssh_channel_is_closed(stream->channel);
            if (count < 0) return false;
            down->from = 0;
            down->to = count;
        }
        const ssize_t taken = send(stream->socket, down->bytes + down->from,
                                   (size_t)(down->to - down->from), MSG_NOSIGNAL);
        if (taken < 0) return errno == EAGAIN;
        down->from += (int)taken;
    }
    return true;
}

static void carry(Stream *stream) {
    if (stream->opening) {
        const int outcome =
            ssh_channel_open_forward(stream->channel, stream->host, stream->port, "127.0.0.1", 1);
        if (outcome == SSH_AGAIN) return;
        if (outcome != SSH_OK) {
            say("not opened: %s", ssh_get_error(session));
            end_stream(stream, true);
            return;
        }
        stream->opening = false;
    }
    if (!carry_up(stream) || !carry_down(stream)) {
        end_stream(stream, true);
    } else if (stream->channel_ended && stream->socket_ended) {
        end_stream(stream, false);
    } else if (stream->channel_ended && ssh_channel_is_closed(stream->channel)) {
        /* What the program still sends has nowhere to go, perhaps not even a window. */
        end_stream(stream, true);
    }
}

static short wanted(const Stream *stream) {
    short events = 0;
    if (stream->down.from != stream->down.to) events |= POLLOUT;
    const bool takes_more = stream->up.from == stream->up.to && !stream->socket_ended;
    if (!stream->opening && takes_more && ssh_channel_window_size(stream->channel) > 0) {
        events |= POLLIN;
    }
    return events;
}

static void accept_stream(const Target *target) {
    const int socket = accept(target->listener, NULL, NULL);
    if (socket < 0) return;
    Stream *const stream = add_stream(socket, ssh_channel_new(session));
    stream->opening = true;
    memcpy(stream->host, target->host, sizeof stream->host);
    stream->port = target->port;
}

/* Until the connection ends. */
static void forward(void) {
    ssh_event event = ssh_event_new();
    ssh_set_blocking(session, 0);
    ssh_event_add_session(event, session);
    while (ssh_is_connected(session)) {
        struct pollfd waits[1 + TARGETS + STREAMS];
        nfds_t count = 0;
        const int pending = ssh_get_poll_flags(session) & SSH_WRITE_PENDING;
        waits[count++] = (struct pollfd){.fd = ssh_get_fd(session),
                                         .events = (short)(POLLIN | (pending ? POLLOUT : 0))};
        for (int place = 0; place < target_count; ++place) {
            waits[count++] = (struct pollfd){.fd = targets[place].listener, .events = POLLIN};
        }
        for (int place = 0; place < STREAMS; ++place) {
            if (streams[place] == NULL) continue;
            const short events = wanted(streams[place]);
            /* Where nothing is wanted a hang-up would be told for ever. */
            if (events != 0) {
                waits[count++] = (struct pollfd){.fd = streams[place]->socket, .events = events};
            }
        }
        if (poll(waits, count, -1) < 0) fail("poll");
        if (ssh_event_dopoll(event, 0) == SSH_ERROR) break;
        for (int place = 0; place < target_count; ++place) {
            if (waits[1 + place].revents != 0) accept_stream(&targets[place]);
        }
        for (int place = 0; place < STREAMS; ++place) {
            if (streams[place] != NULL) carry(streams[place]);
        }
    }
    say("the connection ended: %s", ssh_get_error(session));
    exit(1);
}

static ssh_key public_key(const char *line) {
    char type[64], blob[1024];
    ssh_key key;
    if (sscanf(line, "%63s %1023s", type, blob) != 2 ||
        ssh_pki_import_pubkey_base64(blob, ssh_key_type_from_name(type), &key) != SSH_OK) {
        fail(line);
    }
    return key;
}

static void log_in(char *keys) {
    for (char *name = strtok(keys, ","); name != NULL; name = strtok(NULL, ",")) {
        ssh_key key;
        if (ssh_pki_import_privkey_file(name, NULL, NULL, NULL, &key) != SSH_OK) fail(name);
        int answer = ssh_userauth_try_publickey(session, NULL, key);
        if (answer == SSH_AUTH_SUCCESS) answer = ssh_userauth_publickey(session, NULL, key);
        ssh_key_free(key);
        if (answer == SSH_AUTH_SUCCESS) return;
        if (answer != SSH_AUTH_DENIED) break;
        say("a key was refused");
    }
    fail("no login");
}

static void be_client(char **words) {
    const char *const host = words[0];
    const int port = atoi(words[1]);
    const bool no = false;
    const uint64_t rekey_bytes = strtoull(words[5], NULL, 10);
    session = ssh_new();
    ssh_options_set(session, SSH_OPTIONS_HOST, host);
    ssh_options_set(session, SSH_OPTIONS_PORT, &port);
    ssh_options_set(session, SSH_OPTIONS_USER, words[2]);
    ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    if (rekey_bytes != 0) ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes);
    if (ssh_connect(session) != SSH_OK) fail("no connection");
    ssh_key shown;
    if (ssh_get_server_publickey(session, &shown) != SSH_OK ||
        ssh_key_cmp(shown, public_key(words[4]), SSH_KEY_CMP_PUBLIC) != 0) {
        fail("another host key");
    }
    log_in(words[3]);
    for (char **word = words + 6; *word != NULL; ++word) {
        Target *const target = &targets[target_count++];
        if (target_count > TARGETS) fail(*word);
        split_target(*word, target->host, &target->port);
        target->listener = listen_at("127.0.0.1", 0);
        say("forwarding %d -> %s", port_of(target->listener), *word);
    }
    say("cipher %s", ssh_get_cipher_out(session));
    forward();
}

static int is_authorized(ssh_session session_, const char *user, struct ssh_key_struct *key,
                         char state, void *userdata) {
    (void)session_, (void)user, (void)userdata;
    const bool right = ssh_key_cmp(key, authorized, SSH_KEY_CMP_PUBLIC) == 0 &&
                       (state == SSH_PUBLICKEY_STATE_NONE || state == SSH_PUBLICKEY_STATE_VALID);
    return right ? SSH_AUTH_SUCCESS : SSH_AUTH_DENIED;
}

/* 0 if the message is answered, 1 if libssh is to refuse it. */
static int on_message(ssh_session session_, ssh_message message, void *userdata) {
    (void)session_, (void)userdata;
    if (ssh_message_type(message) != SSH_REQUEST_CHANNEL_OPEN ||
        ssh_message_subtype(message) != SSH_CHANNEL_DIRECT_TCPIP) {
        return 1;
    }
    struct sockaddr_in address;
    const int socket = tcp_socket(ssh_message_channel_request_open_destination(message),
                                  ssh_message_channel_request_open_destination_port(message),
                                  &address);
    if (connect(socket, (struct sockaddr *)&address, sizeof address) < 0) {
        close(socket);
        return 1;
    }
    add_stream(socket, ssh_message_channel_request_open_reply_accept(message));
    return 0;
}

static void serve(ssh_bind listener, int socket, uint64_t rekey_bytes) {
    static struct ssh_server_callbacks_struct callbacks = {.auth_pubkey_function = is_authorized};
    ssh_callbacks_init(&callbacks);
    session = ssh_new();
    if (ssh_bind_accept_fd(listener, session, socket) != SSH_OK) fail("no connection");
    if (rekey_bytes != 0) ssh_options_set(session, SSH_OPTIONS_REKEY_DATA, &rekey_bytes);
    ssh_set_server_callbacks(session, &callbacks);
    ssh_set_auth_methods(session, SSH_AUTH_METHOD_PUBLICKEY);
    ssh_set_message_callback(session, on_message, NULL);
    if (ssh_handle_key_exchange(session) != SSH_OK) fail("no key exchange");
    say("cipher %s", ssh_get_cipher_out(session));
    forward();
}

static void be_server(char **words) {
    const bool no = false;
    char line[1200];
    FILE *const file = fopen(words[2], "r");
    if (file == NULL || fgets(line, sizeof line, file) == NULL) fail(words[2]);
    fclose(file);
    authorized = public_key(line);
    ssh_bind bound = ssh_bind_new();
    ssh_bind_options_set(bound, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no);
    ssh_bind_options_set(bound, SSH_BIND_OPTIONS_HOSTKEY, words[1]);
    const int listener = listen_at("127.0.0.1", atoi(words[0]));
    say("listening on %d", port_of(listener));
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        const int socket = accept(listener, NULL, NULL);
        if (socket < 0) fail("accept");
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(listener);
            serve(bound, socket, strtoull(words[3], NULL, 10));
        }
        close(socket);
    }
}

int main(int count, char **words) {
    setvbuf(stderr, NULL, _IOLBF, 0);
    if (getenv("LIBSSH_LOG") != NULL) ssh_set_log_level(atoi(getenv("LIBSSH_LOG")));
    if (count > 7 && strcmp(words[1], "client") == 0) be_client(words + 2);
    if (count == 6 && strcmp(words[1], "server") == 0) be_server(words + 2);
    fprintf(stderr, "libssh: wrong command line\n");
    return 2;
}
