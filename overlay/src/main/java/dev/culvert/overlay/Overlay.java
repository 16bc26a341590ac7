package dev.culvert.overlay;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.UdpSocket;
import dev.culvert.linux.tun.TunDevice;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.channel.Poller;
import dev.culvert.overlay.channel.TunChannel;
import dev.culvert.overlay.channel.UdpChannel;
import dev.culvert.overlay.encap.DropReason;
import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.Vtep;
import dev.culvert.overlay.icmp.IcmpErrors;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongBiFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The data path of one node: TUN queues on one side, UDP sockets on the other, and an event loop
 * for each pair. {@link #start}, {@link #close} from one thread; everything else from any.
 *
 * <p>The kernel routes pods' packets for other nodes into the TUN device; here they get VXLAN
 * headers and go to the node that serves the destination. What arrives from known nodes goes the
 * other way.
 */
public final class Overlay implements AutoCloseable {
    private static final int SOCKET_BUFFER_BYTES = 8 << 20;

    /** Source ports of an event loop. */
    private static final int SOURCE_PORTS = 4;

    private final OverlayConfig config;
    private final OverlayConfig.Offload offload;
    private final VxlanEncapsulation encapsulation;
    private final List<LoopCounters> counters;
    private final OverlayMetrics metrics;
    private final FeatureRegister features;
    private final List<Channel> channels = new ArrayList<>();
    private final List<UdpChannel> wires = new CopyOnWriteArrayList<>();
    private final List<LoopLag> lags;
    private final Peer self;
    private volatile Forwarding forwarding;
    private long publications;
    private volatile long bufferBytes;
    private @Nullable MultiThreadIoEventLoopGroup group;

    /** Prepares it, with every offload; nothing is opened before {@link #start}. */
    public Overlay(OverlayConfig config) {
        this(config, OverlayConfig.Offload.ALL);
    }

    /** Prepares it with these offloads, as far as the kernel grants them. */
    public Overlay(OverlayConfig config, OverlayConfig.Offload offload) {
        this.config = config;
        this.offload = offload;
        this.encapsulation = new VxlanEncapsulation(config.vni(), config.localMac());
        this.counters =
                IntStream.range(0, config.loops()).mapToObj(_ -> new LoopCounters()).toList();
        this.lags = IntStream.range(0, config.loops()).mapToObj(_ -> new LoopLag()).toList();
        this.metrics = new OverlayMetrics(counters);
        this.features = new FeatureRegister(offload, !config.icmpSources().isEmpty());
        this.self =
                new Peer(
                        new Vtep("", config.localAddress(), config.port(), config.localMac()),
                        config.loops(),
                        false);
        this.forwarding = Forwarding.empty(config.podCidrs(), self);
    }

    /**
     * Opens the TUN device, which is created where it is missing and stays after {@link #close},
     * and the sockets, all in the network namespace of the calling thread, and begins to carry
     * packets.
     *
     * @throws OverlayException saying what to do, with nothing left open
     */
    public void start() throws IOException {
        MultiThreadIoEventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(
                        config.loops(),
                        new DefaultThreadFactory("overlay", true),
                        EpollIoHandler.newFactory());
        group = loops;
        try {
            long bytes = 0;
            for (int number = 0; number < config.loops(); number++) {
                bytes += startLoop(number, loops.next());
            }
            bufferBytes = bytes;
        } catch (LinuxException e) {
            close();
            throw OverlayException.opening(config, e);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** Gives the bytes of its buffers. */
    private long startLoop(int number, EventLoop eventLoop) throws LinuxException {
        TunChannel tun =
                new TunChannel(
                        TunDevice.openQueue(config.tunName(), offload.tun()),
                        VxlanEncapsulation.HEADROOM);
        channels.add(tun);
        features.grant(tun.features());
        UdpChannel wire = openWire();
        channels.add(wire);
        wires.add(wire);
        Poller poller = new Poller(config.tuning().spinMicros());
        poller.add(tun);
        poller.add(wire);
        IcmpErrors icmp = new IcmpErrors(config.icmpSources().toArray(InetAddress[]::new));
        Loop loop =
                new Loop(
                        number,
                        counters.get(number),
                        () -> forwarding,
                        icmp,
                        self,
                        config.tuning().dscp());
        IngressHandler ingress = new IngressHandler(loop, encapsulation, tun, offload.coalescing());
        EgressHandler egress = new EgressHandler(loop, encapsulation, tun, wire);
        register(wire, ingress, eventLoop);
        register(tun, egress, eventLoop);
        lags.get(number).start(eventLoop);
        return tun.bufferBytes()
                + wire.bufferBytes()
                + ingress.bufferBytes()
                + egress.bufferBytes();
    }

    private static void register(Channel channel, ChannelHandler handler, EventLoop eventLoop) {
        channel.pipeline().addLast(handler);
        eventLoop.register(channel).syncUninterruptibly();
    }

    private UdpChannel openWire() throws LinuxException {
        IpFamily family = IpFamily.of(config.localAddress());
        InetSocketAddress any = new InetSocketAddress(anyAddress(family), config.port());
        List<UdpSocket> opened = new ArrayList<>();
        try {
            UdpSocket receiver = UdpSocket.open(family);
            opened.add(receiver);
            receiver.reusePort();
            receiver.receiveBuffer(SOCKET_BUFFER_BYTES);
            if (offload.udpCoalescing()) {
                receiver.enableGro();
            }
            receiver.reportTrafficClass();
            receiver.reportOverflow();
            receiver.bind(any);
            for (int i = 0; i < SOURCE_PORTS; i++) {
                opened.add(openSender(family));
            }
            UdpChannel channel =
                    new UdpChannel(
                            receiver,
                            opened.subList(1, opened.size()),
                            any,
                            EgressHandler.vectorCapacity());
            if (!offload.udpSegmentation()) {
                channel.disableSegmentation();
            } else if (!channel.segmentation()) {
                features.switchOff(Feature.UDP_SEGMENTATION, "the kernel does not know it");
            }
            channel.whenSegmentationFails(
                    () ->
                            features.switchOff(
                                    Feature.UDP_SEGMENTATION,
                                    "a device on the way cannot do its checksums"));
            return channel;
        } catch (LinuxException e) {
            opened.forEach(UdpSocket::close);
            throw e;
        }
    }

    private UdpSocket openSender(IpFamily family) throws LinuxException {
        UdpSocket sender = UdpSocket.open(family);
        try {
            sender.neverDontFragment();
            sender.sendBuffer(SOCKET_BUFFER_BYTES);
            sender.receiveBuffer(0);
            sender.bind(new InetSocketAddress(config.localAddress(), 0));
            return sender;
        } catch (LinuxException e) {
            sender.close();
            throw e;
        }
    }

    private static InetAddress anyAddress(IpFamily family) {
        return IpAddresses.of(new byte[family.addressBytes()]);
    }

    /** Makes this the database that packets are forwarded by, at once and as a whole. */
    public synchronized void publish(Fdb fdb) {
        forwarding = forwarding.with(fdb, config.loops(), offload.remoteChecksum());
        publications++;
    }

    /** Says how large a packet of this node's pods may be, in bytes; may change at any time. */
    public synchronized void limitTo(int mtu) {
        forwarding = forwarding.withMtu(mtu);
    }

    /** What it was made from. */
    public OverlayConfig config() {
        return config;
    }

    /** Whether all channels are open: false after a device was taken away from under it. */
    public boolean isOpen() {
        return !channels.isEmpty() && channels.stream().allMatch(Channel::isOpen);
    }

    /** Registers its meters, until it is closed; once for each registry. */
    public void bindTo(MeterRegistry registry) {
        metrics.bindTo(registry, this);
    }

    /** What it was asked to do, and what it does. */
    public OverlayFeatures features() {
        return features.snapshot();
    }

    synchronized long publications() {
        return publications;
    }

    int fdbSize() {
        return forwarding.size();
    }

    /** Bytes of native memory that packets pass through, of all loops: fixed once it is open. */
    public long bufferBytes() {
        return bufferBytes;
    }

    /** How late the event loops get to their tasks, the latest counting, in seconds. */
    double lagSeconds() {
        long now = System.nanoTime();
        return lags.stream().mapToLong(lag -> lag.nanos(now)).max().orElse(0) / 1e9;
    }

    /** How long a task of an event loop has waited for its turn, the longest counting. */
    public Duration waiting() {
        long now = System.nanoTime();
        return Duration.ofNanos(
                lags.stream().mapToLong(lag -> lag.waitingNanos(now)).max().orElse(0));
    }

    /** How many packets of this node's own tests came all the way round; see {@link SelfTest}. */
    public long selfTests() {
        return sum(loop -> loop.get(LoopCounters.SELF_TESTS));
    }

    /** What waits in the kernel for the event loops, or for the network behind them. */
    public QueueLevels queues() {
        return wires.stream().map(QueueLevels::of).reduce(QueueLevels.NONE, QueueLevels::plus);
    }

    /** Runs this on every event loop. */
    void onEveryLoop(Runnable task) {
        MultiThreadIoEventLoopGroup loops = group;
        if (loops != null) {
            loops.forEach(loop -> loop.execute(task));
        }
    }

    /** All counters now. */
    public TrafficStats stats() {
        Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
        Arrays.stream(DropReason.values())
                .forEach(reason -> drops.put(reason, sum(loop -> loop.drops(reason))));
        return new TrafficStats(
                traffic(
                        LoopCounters.EGRESS_PACKETS,
                        LoopCounters.EGRESS_BYTES,
                        sum(drops, DropReason.Direction.EGRESS)),
                traffic(
                        LoopCounters.INGRESS_PACKETS,
                        LoopCounters.INGRESS_BYTES,
                        sum(drops, DropReason.Direction.INGRESS)),
                sum(loop -> loop.get(LoopCounters.EGRESS_SENDS)),
                sum(loop -> loop.get(LoopCounters.INGRESS_MESSAGES)),
                sum(loop -> loop.get(LoopCounters.INGRESS_WRITES)),
                drops,
                new BatchSizes(
                        buckets(LoopCounters::egressBatches),
                        sum(loop -> loop.get(LoopCounters.EGRESS_PACKETS))),
                new BatchSizes(
                        buckets(LoopCounters::ingressBatches),
                        sum(loop -> loop.get(LoopCounters.INGRESS_DATAGRAMS))),
                forwarding.peers().stream().map(Overlay::traffic).toList());
    }

    private long sum(ToLongFunction<LoopCounters> counter) {
        return counters.stream().mapToLong(counter).sum();
    }

    private static long sum(Map<DropReason, Long> drops, DropReason.Direction direction) {
        return drops.entrySet().stream()
                .filter(drop -> drop.getKey().direction() == direction)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private List<Long> buckets(ToLongBiFunction<LoopCounters, Integer> count) {
        return IntStream.range(0, BatchSizes.BUCKETS)
                .mapToObj(bucket -> sum(loop -> count.applyAsLong(loop, bucket)))
                .toList();
    }

    private TrafficStats.Traffic traffic(int packets, int bytes, long drops) {
        return new TrafficStats.Traffic(
                sum(loop -> loop.get(packets)), sum(loop -> loop.get(bytes)), drops);
    }

    private static TrafficStats.PeerTraffic traffic(Peer peer) {
        return new TrafficStats.PeerTraffic(
                peer.vtep(),
                new TrafficStats.Traffic(
                        peer.get(Peer.EGRESS_PACKETS),
                        peer.get(Peer.EGRESS_BYTES),
                        peer.get(Peer.EGRESS_DROPS)),
                new TrafficStats.Traffic(
                        peer.get(Peer.INGRESS_PACKETS),
                        peer.get(Peer.INGRESS_BYTES),
                        peer.get(Peer.INGRESS_DROPS)));
    }

    /** Stops carrying packets and closes everything but the TUN device itself. */
    @Override
    public void close() {
        metrics.close();
        channels.forEach(Overlay::close);
        channels.clear();
        wires.clear();
        MultiThreadIoEventLoopGroup loops = group;
        if (loops != null) {
            loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
            group = null;
        }
    }

    /** A channel that never got to its event loop has nobody who could close it there. */
    private static void close(Channel channel) {
        if (channel.isRegistered()) {
            channel.close().syncUninterruptibly();
        } else if (channel.isOpen()) {
            channel.unsafe().closeForcibly();
        }
    }
}
