/* LD_PRELOAD: every name that a program looks up is told to the datagram socket NAMES_SOCKET. One that
 * begins with "live" has the address in the file NAMES_ADDRESS; for one that begins with "dead" no name
 * server ever answers; one that begins with "none" isn't there, and "lost" can't be told for now. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
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

static void read_address(char *address, int size) {
    FILE *const file = fopen(getenv("NAMES_ADDRESS"), "r");
    if (file == NULL || fgets(address, size, file) == NULL) abort();
    fclose(file);
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(
            RTLD_NEXT, "getaddrinfo");
    char address[64];
    if (name != NULL) {
        tell(name);
        while (strncmp(name, "dead", 4) == 0) pause();
        if (strncmp(name, "none", 4) == 0) return EAI_NONAME;
        if (strncmp(name, "lost", 4) == 0) return EAI_AGAIN;
        if (strncmp(name, "live", 4) == 0) {
            read_address(address, sizeof address);
            name = address;
        }
    }
    return real(name, service, hints, found);
}
