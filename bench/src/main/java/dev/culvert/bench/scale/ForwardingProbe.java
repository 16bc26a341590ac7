package dev.culvert.bench.scale;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.culvert.linux.libc.LibC;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.tun.TunQueue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Finds out from outside when an agent forwards to where it should: sends a datagram to a pod every
 * millisecond, and looks at what leaves the node on the underlay, a TUN device, until one has the
 * right outer destination. Any thread may {@link #expect}; two threads of its own send and read.
 */
final class ForwardingProbe implements AutoCloseable {
    private static final int POLLIN = 1;
    private static final int POLL_MILLIS = 100;
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int DISCARD = 9;
    private static final int UDP = 17;
    private static final int UDP_AND_VXLAN = 16;
    private static final int ETHERNET = 14;
    private static final int OVERLAY_PORT = 4789;
    private static final long PERIOD_NANOS = 1_000_000;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final TunQueue underlay;
    private final Thread sender;
    private final Thread reader;
    private final Map<Integer, Expectation> pending = new ConcurrentHashMap<>();
    private final List<Double> seenAfterMillis = new ArrayList<>();
    private volatile long lastSeen;
    private final AtomicInteger missed = new AtomicInteger();
    private volatile boolean closed;
    private volatile String failure = "";

    /**
     * @param node the agent's namespace
     * @param underlay the device that holds the node's address
     */
    ForwardingProbe(NetworkNamespace node, TunQueue underlay) {
        this.underlay = underlay;
        this.sender = node.newThread(this::send);
        this.reader = Thread.ofPlatform().daemon().name("underlay").unstarted(this::read);
    }

    void start() {
        sender.start();
        reader.start();
    }

    /** Looks for this from now on. */
    void expect(Expectation expectation) {
        pending.put(number(expectation.pod()), expectation);
        LockSupport.unpark(sender);
    }

    /**
     * Waits until all that is expected was seen.
     *
     * @return when the last was, as of {@link System#nanoTime}
     * @throws IOException if it takes too long
     */
    long awaitAll(long patienceSeconds) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
        while (!pending.isEmpty()) {
            if (!failure.isEmpty()) {
                throw new IOException("the probe ended: " + failure);
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException(
                        "packets do not go where they should within %d s: %s"
                                .formatted(patienceSeconds, pending.values().iterator().next()));
            }
            LockSupport.parkNanos(PERIOD_NANOS);
        }
        return lastSeen;
    }

    private void send() {
        try (DatagramChannel channel = DatagramChannel.open()) {
            channel.configureBlocking(false);
            while (!closed) {
                for (Expectation each : pending.values()) {
                    send(channel, each);
                }
                if (pending.isEmpty()) {
                    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
                } else {
                    LockSupport.parkNanos(PERIOD_NANOS);
                }
            }
        } catch (IOException | RuntimeException e) {
            failure = e.toString();
        }
    }

    private void send(DatagramChannel channel, Expectation each) {
        if (each.since() != 0 && System.nanoTime() - each.since() > PATIENCE_NANOS) {
            pending.remove(number(each.pod()), each);
            missed.incrementAndGet();
            return;
        }
        try {
            var _ =
                    channel.send(
                            ByteBuffer.wrap(new byte[16]),
                            new InetSocketAddress(each.pod(), DISCARD));
        } catch (IOException e) {
            // No route yet: the next one, a millisecond later.
        }
    }

    private void read() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(BUFFER_BYTES);
            MemorySegment descriptors = arena.allocate(8, 4);
            descriptors.set(JAVA_INT, 0, underlay.descriptor().number());
            descriptors.set(JAVA_SHORT, 4, (short) POLLIN);
            while (!closed) {
                if (LibC.poll(descriptors, 1, POLL_MILLIS) > 0) {
                    drain(buffer);
                }
            }
        } catch (RuntimeException e) {
            failure = e.toString();
        }
    }

    private void drain(MemorySegment buffer) {
        int number = underlay.descriptor().number();
        long length = LibC.read(number, buffer.address(), BUFFER_BYTES);
        while (length > TunQueue.HEADER_BYTES) {
            look(buffer.asSlice(TunQueue.HEADER_BYTES, length - TunQueue.HEADER_BYTES));
            length = LibC.read(number, buffer.address(), BUFFER_BYTES);
        }
    }

    /** IPv4, UDP, VXLAN, Ethernet and IPv4 again. */
    private void look(MemorySegment packet) {
        int first = packet.get(JAVA_BYTE, 0);
        int header = (first & 0xf) * 4;
        int inner = header + UDP_AND_VXLAN + ETHERNET;
        if ((first & 0xf0) != 0x40
                || packet.get(JAVA_BYTE, 9) != UDP
                || packet.byteSize() < inner + 20
                || i16(packet, header + 2) != OVERLAY_PORT) {
            return;
        }
        seen(i32(packet, inner + 16), i32(packet, 16));
    }

    private void seen(int pod, int outer) {
        Expectation expected = pending.get(pod);
        if (expected != null && number(expected.outer()) == outer) {
            long now = System.nanoTime();
            if (pending.remove(pod, expected)) {
                lastSeen = now;
                if (expected.since() != 0) {
                    synchronized (seenAfterMillis) {
                        seenAfterMillis.add((now - expected.since()) / 1e6);
                    }
                }
            }
        }
    }

    private static int i16(MemorySegment packet, long offset) {
        return packet.get(JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), offset) & 0xffff;
    }

    private static int i32(MemorySegment packet, long offset) {
        return packet.get(JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), offset);
    }

    private static int number(InetAddress address) {
        return ByteBuffer.wrap(address.getAddress()).getInt();
    }

    /** How long each took that came with a time, in milliseconds. */
    List<Double> seenAfterMillis() {
        synchronized (seenAfterMillis) {
            return List.copyOf(seenAfterMillis);
        }
    }

    /** How many were not seen in time. */
    int missed() {
        return missed.get();
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(sender);
        for (Thread each : List.of(sender, reader)) {
            try {
                each.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        underlay.close();
    }
}
