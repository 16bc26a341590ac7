package dev.culvert.bench.path;

import com.sun.management.ThreadMXBean;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.Overlay;
import dev.culvert.overlay.OverlayConfig;
import dev.culvert.overlay.encap.OuterDscp;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.Vtep;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The process of one node: Culvert's data path and nothing else, until its input ends. */
public final class DataPathMain {
    /** What it prints once it carries packets. */
    static final String READY = "ready";

    /** The question how many bytes its threads have taken from the heap since it started. */
    static final String ALLOCATED = "allocated";

    /** System property: how long a busy event loop looks for more, in microseconds. */
    private static final String SPIN_MICROS = "culvert.spinMicros";

    /** System property: the peers are taken for such as do not finish checksums. */
    private static final String NO_REMOTE_CHECKSUM = "culvert.noRemoteChecksum";

    private static final int VNI = 1;

    private DataPathMain() {}

    /** Takes what {@link DataPath} passes, in that order. */
    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(args[1]);
        boolean batching = Boolean.parseBoolean(args[3]);
        int spinMicros = Integer.getInteger(SPIN_MICROS, OverlayConfig.Tuning.DEFAULT.spinMicros());
        OverlayConfig config =
                new OverlayConfig(
                        args[0],
                        VNI,
                        IpAddresses.parse(args[4]),
                        port,
                        MacAddress.parse(args[5]),
                        List.of(Cidr.parse(args[6])),
                        Integer.parseInt(args[2]),
                        List.of(),
                        new OverlayConfig.Tuning(OuterDscp.NONE, batching ? spinMicros : 0));
        OverlayConfig.Offload offload =
                batching ? OverlayConfig.Offload.ALL : OverlayConfig.Offload.NONE;
        Vtep peer =
                new Vtep(
                        "peer",
                        IpAddresses.parse(args[7]),
                        port,
                        MacAddress.parse(args[8]),
                        offload.remoteChecksum() && !Boolean.getBoolean(NO_REMOTE_CHECKSUM));
        try (Overlay overlay = new Overlay(config, offload)) {
            overlay.start();
            overlay.limitTo(Node.POD_MTU);
            overlay.publish(Fdb.of(List.of(new FdbEntry(Cidr.parse(args[9]), peer))));
            System.out.println(READY);
            answer();
        }
    }

    private static void answer() throws IOException {
        BufferedReader questions =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            if (line.equals(ALLOCATED)) {
                System.out.println(threads.getTotalThreadAllocatedBytes());
            }
        }
    }
}
