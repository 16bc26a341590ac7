package dev.culvert.overlay.channel;

import dev.culvert.linux.libc.LibC;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the packet channels of one event loop in turn whenever any of them has something, and goes
 * on looking for a moment after the last packet: a packet that comes soon then needs no wake-up,
 * which costs more than the packet itself. That event loop only.
 */
public final class Poller {
    /** Tasks of the event loop wait no longer than this. */
    private static final long MOST_NANOS = 1_000_000;

    private final List<EpollPacketChannel> channels = new ArrayList<>();
    private final SpinBudget budget;

    /**
     * @param spinMicros how long to look after the last packet, in microseconds; 0 to sleep at once
     */
    public Poller(int spinMicros) {
        budget = new SpinBudget(spinMicros);
    }

    /** Takes a channel in; before it is registered. */
    public void add(TunChannel channel) {
        join(channel);
    }

    /** As {@link #add(TunChannel)}. */
    public void add(UdpChannel channel) {
        join(channel);
    }

    private void join(EpollPacketChannel channel) {
        channels.add(channel);
        channel.pollWith(this);
    }

    /** Called by a channel that has something. */
    void poll() {
        long end = System.nanoTime() + MOST_NANOS;
        boolean more = true;
        while (more) {
            while (readAll()) {
                if (System.nanoTime() - end >= 0) {
                    return;
                }
            }
            more = spin(end);
        }
    }

    /** Looks until there is something; false when it is time to sleep, or for others. */
    private boolean spin(long end) {
        long start = System.nanoTime();
        long window = budget.window(start);
        long now = start;
        while (now - start < window && now - end < 0) {
            // Whoever wants this core more urgently is likely to be about to send something.
            LibC.schedYield();
            if (readAll()) {
                return true;
            }
            now = System.nanoTime();
        }
        budget.spentInVain(now - start);
        return false;
    }

    private boolean readAll() {
        boolean found = false;
        for (int i = 0; i < channels.size(); i++) {
            found |= channels.get(i).readOnce();
        }
        return found;
    }
}
