package dev.culvert.agent;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.KernelRtnetlink;

/**
 * Does on a second processor what is needed a moment later and takes long the first time: making
 * the system calls known to the virtual machine. Nothing comes of it but time; whoever needs it
 * meanwhile waits for it, as for every class that is being initialised.
 */
final class HeadStart {
    private HeadStart() {}

    /** Begins, on a thread of its own that soon ends. */
    static void begin() {
        Thread.ofPlatform().daemon().name("head-start").start(HeadStart::linkSystemCalls);
    }

    private static void linkSystemCalls() {
        try (KernelRtnetlink rtnetlink = KernelRtnetlink.open()) {
            rtnetlink.links();
        } catch (LinuxException | RuntimeException _) {
            // The agent meets the same in a moment, and says what it means. The log comes later.
            return;
        }
    }
}
