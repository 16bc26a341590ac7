/*
 * The first process of a sandbox: waits, and collects the children that are left to it. With the
 * argument "exit" it ends at once.
 */
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int signal) {
    (void)signal;
    _exit(0);
}

static void wake(int signal) { (void)signal; }

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "exit") == 0) {
        return 0;
    }
    sigset_t children, nothing;
    sigemptyset(&nothing);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL); /* or one could end just before sigsuspend */
    signal(SIGCHLD, wake);
    signal(SIGTERM, leave);
    signal(SIGINT, leave);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        sigsuspend(&nothing);
    }
}
