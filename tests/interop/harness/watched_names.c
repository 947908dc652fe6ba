/* LD_PRELOAD: every name that a program looks up is told to the datagram socket NAMES_SOCKET. One that
 * begins with "live" is 127.0.0.1; for one that begins with "dead" no name server ever answers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void tell(const char *name) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int teller = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, getenv("NAMES_SOCKET"), sizeof address.sun_path - 1);
    if (sendto(teller, name, strlen(name), 0, (struct sockaddr *)&address, sizeof address) < 0) {
        abort();
    }
    close(teller);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(
            RTLD_NEXT, "getaddrinfo");
    if (name != NULL) {
        tell(name);
        while (strncmp(name, "dead", 4) == 0) pause();
        if (strncmp(name, "live", 4) == 0) name = "127.0.0.1";
    }
    return real(name, service, hints, found);
}
