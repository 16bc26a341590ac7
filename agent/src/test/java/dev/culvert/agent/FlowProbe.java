package dev.culvert.agent;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A datagram every few milliseconds from one pod to another, which nobody answers: so each of them
 * is a new connection to the packet filter, which decides about it anew. Close ends its threads.
 */
final class FlowProbe implements AutoCloseable {
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int BUFFER_BYTES = 1 << 20;

    private final InetSocketAddress target;
    private final DatagramChannel sender;
    private final DatagramChannel receiver;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private final Thread sending = Thread.ofPlatform().daemon().unstarted(this::send);
    private final Thread receiving = Thread.ofPlatform().daemon().unstarted(this::receive);
    private volatile boolean ends;

    private FlowProbe(InetSocketAddress target, DatagramChannel sender, DatagramChannel receiver) {
        this.target = target;
        this.sender = sender;
        this.receiver = receiver;
    }

    /** Begins to send. */
    static FlowProbe start(NetworkNamespace from, NetworkNamespace to, InetSocketAddress target)
            throws Exception {
        return start(from, to, target, target);
    }

    /** As the other, while the target's address may be still to come. */
    static FlowProbe startEarly(
            NetworkNamespace from, NetworkNamespace to, InetSocketAddress target) throws Exception {
        return start(from, to, target, new InetSocketAddress(target.getPort()));
    }

    private static FlowProbe start(
            NetworkNamespace from,
            NetworkNamespace to,
            InetSocketAddress target,
            InetSocketAddress listening)
            throws Exception {
        DatagramChannel receiver = to.call(DatagramChannel::open);
        receiver.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES).bind(listening);
        FlowProbe probe = new FlowProbe(target, from.call(DatagramChannel::open), receiver);
        probe.receiving.start();
        probe.sending.start();
        return probe;
    }

    private void send() {
        try {
            while (!ends) {
                sender.send(ByteBuffer.allocate(Long.BYTES), target);
                sent.incrementAndGet();
                LockSupport.parkNanos(INTERVAL_NANOS);
            }
        } catch (ClosedChannelException _) {
            // The test has seen enough.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void receive() {
        ByteBuffer buffer = ByteBuffer.allocate(Long.BYTES);
        try {
            while (true) {
                receiver.receive(buffer.clear());
                received.incrementAndGet();
            }
        } catch (ClosedChannelException _) {
            // The test has seen enough.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends no more. */
    void end() throws InterruptedException {
        ends = true;
        sending.join();
    }

    /** How many datagrams left. */
    long sent() {
        return sent.get();
    }

    /** How many datagrams arrived. */
    long received() {
        return received.get();
    }

    @Override
    public String toString() {
        return "to %s: %d of %d arrived".formatted(target, received.get(), sent.get());
    }

    @Override
    public void close() throws IOException {
        ends = true;
        sender.close();
        receiver.close();
    }
}
