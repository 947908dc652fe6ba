/* LD_PRELOAD: while the file EPOLL_IS_FULL is there, no listening socket finds room in an epoll (the
 * limit is /proc/sys/fs/epoll/max_user_watches). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int is_listening(int descriptor) {
    int listening = 0;
    socklen_t size = sizeof listening;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event) {
    int (*real)(int, int, int, struct epoll_event *) =
        (int (*)(int, int, int, struct epoll_event *))dlsym(RTLD_NEXT, "epoll_ctl");
    if (operation == EPOLL_CTL_ADD && access(getenv("EPOLL_IS_FULL"), F_OK) == 0 &&
        is_listening(descriptor)) {
        errno = ENOSPC;
        return -1;
    }
    return real(epoll, operation, descriptor, event);
}
