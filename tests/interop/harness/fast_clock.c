/* LD_PRELOAD: the monotonic clock, and timers that wait by it, go a hundred times as fast. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SPEED = 100 };
static const long long second = 1000000000;
static long long began;

static long long real_now(void) {
    struct timespec now;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return now.tv_sec * second + now.tv_nsec;
}

__attribute__((constructor)) static void begin(void) { began = real_now(); }

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (clock != CLOCK_MONOTONIC) return (int)syscall(SYS_clock_gettime, clock, now);
    const long long fast = began + (real_now() - began) * SPEED;
    *now = (struct timespec){.tv_sec = fast / second, .tv_nsec = fast % second};
    return 0;
}

int timerfd_settime(int timer, int flags, const struct itimerspec *wanted, struct itimerspec *was) {
    int (*real)(int, int, const struct itimerspec *, struct itimerspec *) =
        (int (*)(int, int, const struct itimerspec *, struct itimerspec *))dlsym(RTLD_NEXT,
                                                                                 "timerfd_settime");
    if (flags & TFD_TIMER_ABSTIME) return real(timer, flags, wanted, was);  /* Asio's "at once" */
    const long long wait = wanted->it_value.tv_sec * second + wanted->it_value.tv_nsec;
    const long long real_wait = wait == 0 ? 0 : wait / SPEED + 1;  /* 0 would stop it */
    struct itimerspec faster = *wanted;
    faster.it_value = (struct timespec){.tv_sec = real_wait / second, .tv_nsec = real_wait % second};
    return real(timer, flags, &faster, was);
}
