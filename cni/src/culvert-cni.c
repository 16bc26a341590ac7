/*
 * culvert-cni: the executable that a container runtime starts for each CNI call.
 *
 * It carries CNI_*, stdin and the open network namespace to the agent of this node over a unix
 * socket, writes the agent's answer to stdout and exits with the agent's status. It parses no JSON
 * and takes no decision, except for what to say when the agent is away. The protocol is described
 * in docs/cni.md; its other end is dev.culvert.agent.cni.CniFraming.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef CULVERT_VERSION
#define CULVERT_VERSION "unknown"
#endif
#define RUN_DIR "/run/culvert"
#define STDIN_LIMIT (1024 * 1024)
#define ANSWER_LIMIT (4 * 1024 * 1024)
#define HEADER 8
#define ANSWER_HEADER 12
#define VERSIONS "[\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]"

/* CNI error codes. */
enum { BAD_ENVIRONMENT = 4, IO_FAILURE = 5, BAD_INPUT = 6, TRY_AGAIN = 11, NOT_AVAILABLE = 50 };

struct bytes {
    char *start;
    size_t length, room;
};

extern char **environ;
static int64_t deadline;

static int64_t now_micros(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t micros_left(void) {
    int64_t left = deadline - now_micros();
    return left > 1000 ? left : 1000;
}

static void append(struct bytes *to, const void *from, size_t length) {
    if (to->room - to->length < length) {
        to->room = (to->room + length) * 2;
        to->start = realloc(to->start, to->room);
        if (to->start == NULL) {
            fputs("culvert-cni: out of memory\n", stderr);
            exit(1);
        }
    }
    memcpy(to->start + to->length, from, length);
    to->length += length;
}

static void put_json_string(const char *text) {
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++) {
        if (*c == '"' || *c == '\\') {
            printf("\\%c", *c);
        } else if (*c < 0x20 || *c > 0x7e) {
            printf("\\u%04x", *c);
        } else {
            putchar(*c);
        }
    }
    putchar('"');
}

__attribute__((format(printf, 3, 4))) static int fail(int code, const char *message,
                                                      const char *format, ...) {
    char details[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(details, sizeof details, format, arguments);
    va_end(arguments);
    printf("{\"cniVersion\":\"1.1.0\",\"code\":%d,\"msg\":", code);
    put_json_string(message);
    fputs(",\"details\":", stdout);
    put_json_string(details);
    puts("}");
    fflush(stdout);
    return 1;
}

/* Reads all of stdin; 0, or -1 with errno (EFBIG: beyond the limit, ETIMEDOUT: no end in time). */
static int read_stdin(struct bytes *to) {
    char chunk[65536];
    size_t total = 0;
    for (;;) {
        struct pollfd wait = {.fd = 0, .events = POLLIN};
        int ready = poll(&wait, 1, (int)(micros_left() / 1000));
        if (ready == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        ssize_t count = ready < 0 ? -1 : read(0, chunk, sizeof chunk);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return (int)count;
        }
        total += (size_t)count;
        if (total > STDIN_LIMIT) {
            errno = EFBIG;
            return -1;
        }
        append(to, chunk, (size_t)count);
    }
}

/* Every CNI_* variable of the environment, and why the namespace could not be opened, if so. */
static void append_environment(struct bytes *to, int netns_error) {
    for (char **each = environ; *each != NULL; each++) {
        if (strncmp(*each, "CNI_", 4) == 0) {
            append(to, *each, strlen(*each) + 1);
        }
    }
    if (netns_error != 0) {
        char text[64];
        int length = snprintf(text, sizeof text, "CULVERT_NETNS_ERROR=%d", netns_error);
        append(to, text, (size_t)length + 1);
    }
    append(to, "", 1);
}

static void limit_waiting(int fd) {
    int64_t left = micros_left();
    struct timeval t = {.tv_sec = left / 1000000, .tv_usec = left % 1000000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

static int connect_to_agent(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    limit_waiting(fd);
    int result;
    do {
        result = connect(fd, (struct sockaddr *)&address, sizeof address);
    } while (result < 0 && errno == EINTR);
    if (result < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* Sends everything, the namespace (if there is one) together with the first byte. */
static int send_request(int fd, struct bytes request, int netns) {
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.space = {0}};
    while (request.length > 0) {
        struct iovec part = {.iov_base = request.start, .iov_len = request.length};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        if (netns >= 0) {
            message.msg_control = control.space;
            message.msg_controllen = sizeof control.space;
            struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
            rights->cmsg_level = SOL_SOCKET;
            rights->cmsg_type = SCM_RIGHTS;
            rights->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(rights), &netns, sizeof(int));
        }
        limit_waiting(fd);
        ssize_t count = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return -1;
        }
        netns = -1;
        request.start += count;
        request.length -= (size_t)count;
    }
    return 0;
}

static int receive(int fd, char *to, size_t length) {
    while (length > 0) {
        limit_waiting(fd);
        ssize_t count = recv(fd, to, length, 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            errno = count == 0 ? ECONNRESET : errno;
            return -1;
        }
        to += count;
        length -= (size_t)count;
    }
    return 0;
}

static uint32_t big_endian(const char *from) {
    const unsigned char *b = (const unsigned char *)from;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The agent's exit status with its text in *answer, or -1 with errno when there is no answer. */
static int ask_agent(const char *socket_path, struct bytes request, int netns,
                     struct bytes *answer) {
    char header[ANSWER_HEADER];
    int fd = connect_to_agent(socket_path);
    if (fd < 0) {
        return -1;
    }
    /* An agent that refuses a request may answer and close before it has read all of it. */
    if (send_request(fd, request, netns) < 0 && errno != EPIPE && errno != ECONNRESET) {
        return -1;
    }
    if (receive(fd, header, sizeof header) < 0) {
        return -1;
    }
    size_t length = big_endian(header + 8);
    if (memcmp(header, "CVA1", 4) != 0 || length > ANSWER_LIMIT) {
        errno = EPROTO;
        return -1;
    }
    answer->start = malloc(length + 1);
    answer->length = length;
    if (answer->start == NULL || receive(fd, answer->start, length) < 0) {
        return -1;
    }
    close(fd);
    return (int)(big_endian(header + 4) & 0xff);
}

static int write_all(int fd, const char *from, size_t length) {
    while (length > 0) {
        ssize_t count = write(fd, from, length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return -1;
        }
        from += count;
        length -= (size_t)count;
    }
    return 0;
}

/* Keeps letters, digits, dot, dash and underscore, so that the text may be part of a file name. */
static void copy_safely(char *to, size_t room, const char *from) {
    size_t i = 0;
    for (; from != NULL && from[i] != 0 && i + 1 < room; i++) {
        char c = from[i];
        int plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        to[i] = plain || c == '-' || (c == '.' && i > 0) ? c : '_';
    }
    to[i] = 0;
}

/* Leaves the DEL as a file for the agent to carry out when it is back. */
static int queue_delete(const char *run_dir, const char *payload, size_t length) {
    char dir[256], id[129], ifname[17], temporary[600], name[600];
    copy_safely(id, sizeof id, getenv("CNI_CONTAINERID"));
    copy_safely(ifname, sizeof ifname, getenv("CNI_IFNAME"));
    int fits = snprintf(dir, sizeof dir, "%s/deletes", run_dir);
    snprintf(name, sizeof name, "%s/%s-%s-%020lld.del", dir, id, ifname, (long long)now_micros());
    snprintf(temporary, sizeof temporary, "%s/.%d-%020lld.tmp", dir, (int)getpid(),
             (long long)now_micros());
    int fd = -1;
    if (fits >= (int)sizeof dir) {
        errno = ENAMETOOLONG;
    } else if ((mkdir(run_dir, 0755) == 0 || errno == EEXIST)
               && (mkdir(dir, 0700) == 0 || errno == EEXIST)) {
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (fd >= 0 && write_all(fd, payload, length) == 0 && fsync(fd) == 0
        && rename(temporary, name) == 0) {
        int directory = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory >= 0 && fsync(directory) == 0) {
            fprintf(stderr, "culvert-cni: the agent is away; DEL is queued as %s\n", name);
            return 0;
        }
    }
    int why = errno;
    if (fd >= 0) {
        unlink(temporary);
    }
    return fail(IO_FAILURE, "culvert: the agent on this node is not running and the DEL could not "
                "be queued for it", "%s: %s", dir, strerror(why));
}

static int without_agent(const char *command, const char *run_dir, struct bytes request, int why) {
    if (strcmp(command, "DEL") == 0) {
        return queue_delete(run_dir, request.start + HEADER, request.length - HEADER);
    }
    if (strcmp(command, "VERSION") == 0) {
        puts("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":" VERSIONS "}");
        return 0;
    }
    int code = strcmp(command, "STATUS") == 0 ? NOT_AVAILABLE : TRY_AGAIN;
    if (why == EAGAIN) {
        return fail(code, "culvert: the agent on this node did not answer in time; try again",
                    "%s/cni.sock", run_dir);
    }
    return fail(code, "culvert: the agent on this node is not running; try again", "%s/cni.sock: %s",
                run_dir, strerror(why));
}

static int known(const char *command) {
    static const char *const verbs[] = {"ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(command, verbs[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int serve(const char *command, const char *run_dir) {
    const char *netns_path = getenv("CNI_NETNS");
    int netns = -1, netns_error = 0;
    if (netns_path != NULL && *netns_path != 0) {
        netns = open(netns_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        netns_error = netns < 0 ? errno : 0;
    }
    struct bytes request = {0};
    append(&request, "CVR1\0\0\0\0", HEADER);
    append_environment(&request, netns_error);
    if (read_stdin(&request) < 0) {
        return errno == EFBIG ? fail(BAD_INPUT, "culvert: the network configuration on stdin is "
                                     "longer than 1 MiB", "%d bytes are the limit", STDIN_LIMIT)
                              : fail(IO_FAILURE, "culvert: cannot read the network configuration "
                                     "from stdin", "%s", strerror(errno));
    }
    size_t payload = request.length - HEADER;
    for (int i = 0; i < 4; i++) {
        request.start[4 + i] = (char)(payload >> (24 - 8 * i));
    }
    char path[256];
    snprintf(path, sizeof path, "%s/cni.sock", run_dir);
    struct bytes answer = {0};
    int status = ask_agent(path, request, netns, &answer);
    if (status < 0) {
        return without_agent(command, run_dir, request, errno);
    }
    if (write_all(1, answer.start, answer.length) < 0) {
        fprintf(stderr, "culvert-cni: cannot write the answer to stdout: %s\n", strerror(errno));
        return 1;
    }
    return status;
}

int main(int count, char **arguments) {
    const char *command = getenv("CNI_COMMAND");
    const char *run_dir = getenv("CULVERT_RUN_DIR");
    if (count > 1 && strcmp(arguments[1], "--version") == 0) {
        puts("culvert-cni " CULVERT_VERSION ", CNI versions " "0.3.1 0.4.0 1.0.0 1.1.0");
        return 0;
    }
    if (count > 1) {
        puts("culvert-cni is started by a container runtime, with CNI_COMMAND and the other CNI_*\n"
             "variables set and the network configuration on stdin. It passes the call on to the\n"
             "Culvert agent of this node through " RUN_DIR "/cni.sock.\n\n"
             "  culvert-cni --version    print the version\n"
             "  CULVERT_RUN_DIR          another directory than " RUN_DIR);
        return strcmp(arguments[1], "--help") == 0 ? 0 : 2;
    }
    if (command == NULL || !known(command)) {
        return fail(BAD_ENVIRONMENT, command == NULL ? "culvert: CNI_COMMAND is not set"
                                                     : "culvert: CNI_COMMAND is not a CNI verb",
                    "'%s' is not one of ADD, DEL, CHECK, GC, STATUS, VERSION",
                    command == NULL ? "" : command);
    }
    deadline = now_micros() + (strcmp(command, "ADD") == 0 ? 110 : 30) * (int64_t)1000000;
    return serve(command, run_dir != NULL && *run_dir != 0 ? run_dir : RUN_DIR);
}
