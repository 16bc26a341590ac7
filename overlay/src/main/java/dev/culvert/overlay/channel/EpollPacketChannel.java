package dev.culvert.overlay.channel;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the two packet channels share: a descriptor on Netty's epoll event loop, level-triggered,
 * that is read in batches. A batch goes through the pipeline as one message. Sending is a method of
 * the channel for handlers on the same loop: a packet network drops what it cannot send at once, so
 * there is no outbound queue, and {@code write} is refused.
 */
abstract class EpollPacketChannel extends AbstractChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final ChannelConfig config = new DefaultChannelConfig(this);
    private final FileDescriptor fileDescriptor;
    private final SocketAddress address;
    private volatile boolean open = true;
    private @Nullable IoRegistration registration;
    private @Nullable Poller poller;

    EpollPacketChannel(int number, SocketAddress address) {
        super(null);
        this.fileDescriptor = new FileDescriptor(number);
        this.address = address;
    }

    /**
     * Reads what is there, at most a round, and fires it; called on the event loop.
     *
     * @return whether there was anything
     */
    abstract boolean readRound() throws LinuxException;

    /** Closes the descriptors. */
    abstract void closeDescriptors();

    final int number() {
        return fileDescriptor.intValue();
    }

    /** Lets pass what says "nothing there" or "not now"; other failures end the channel. */
    static void checkRead(long result, String call, Object object) throws LinuxException {
        if (result < 0 && !isPassing((int) -result)) {
            throw new LinuxException(call, Errno.of((int) -result), object.toString());
        }
    }

    /** A socket also reports here, once, what became of an earlier datagram (ip(7), errors). */
    private static boolean isPassing(int errno) {
        return errno == Errno.EAGAIN.number()
                || errno == Errno.EINTR.number()
                || errno == Errno.ENOMEM.number()
                || errno == Errno.ENOBUFS.number()
                || errno == Errno.ECONNREFUSED.number()
                || errno == Errno.ENETDOWN.number()
                || errno == Errno.ENETUNREACH.number()
                || errno == Errno.EHOSTUNREACH.number();
    }

    /** Has its turns given by this from now on; before it is registered. */
    final void pollWith(Poller itsPoller) {
        poller = itsPoller;
    }

    private void ready() {
        Poller current = poller;
        if (current == null) {
            readOnce();
        } else {
            current.poll();
        }
    }

    /** Reads a round, and says whether there was anything; a broken channel is closed. */
    final boolean readOnce() {
        if (!open || registration == null) {
            return false;
        }
        try {
            return readRound();
        } catch (LinuxException e) {
            pipeline().fireExceptionCaught(e);
            unsafe().close(voidPromise());
            return false;
        }
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new PacketUnsafe();
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return loop instanceof IoEventLoop io && io.isCompatible(PacketUnsafe.class);
    }

    @Override
    protected void doRegister(ChannelPromise promise) {
        ((IoEventLoop) eventLoop())
                .register((PacketUnsafe) unsafe())
                .addListener(
                        future -> {
                            if (future.isSuccess()) {
                                registration = (IoRegistration) future.getNow();
                                promise.setSuccess();
                            } else {
                                promise.setFailure(future.cause());
                            }
                        });
    }

    @Override
    protected void doDeregister() {
        IoRegistration current = registration;
        if (current != null) {
            current.cancel();
        }
    }

    @Override
    protected void doBeginRead() {
        IoRegistration current = registration;
        if (current != null) {
            current.submit(EpollIoOps.EPOLLIN);
        }
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new IllegalStateException("a packet channel is bound when it is made: " + address);
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doClose() {
        open = false;
        doDeregister();
        closeDescriptors();
    }

    @Override
    protected Object filterOutboundMessage(Object message) {
        throw new IllegalArgumentException("packets are sent by the channel's own methods");
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer buffer) {
        while (buffer.current() != null) {
            buffer.remove();
        }
    }

    @Override
    protected SocketAddress localAddress0() {
        return address;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return null;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    private final class PacketUnsafe extends AbstractUnsafe implements EpollIoHandle {
        @Override
        public FileDescriptor fd() {
            return fileDescriptor;
        }

        @Override
        public void handle(IoRegistration ignored, IoEvent event) {
            ready();
        }

        @Override
        public void connect(
                SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
            promise.tryFailure(new IllegalStateException("packet channels do not connect"));
        }

        @Override
        public void close() {
            close(voidPromise());
        }
    }
}
