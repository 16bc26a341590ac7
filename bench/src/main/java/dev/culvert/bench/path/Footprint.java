package dev.culvert.bench.path;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the processes of a mode take of memory while something runs. One thread. */
final class Footprint {
    private final List<? extends Tunnel> tunnels;
    private final List<Double> allocated = new ArrayList<>();
    private final long start;

    private Footprint(List<? extends Tunnel> tunnels) throws IOException {
        this.tunnels = tunnels;
        for (Tunnel tunnel : tunnels) {
            tunnel.forgetPeak();
            allocated.add(tunnel.allocatedBytes());
        }
        start = System.nanoTime();
    }

    /** Looks from now on. */
    static Footprint start(List<? extends Tunnel> tunnels) throws IOException {
        return new Footprint(tunnels);
    }

    /** The most that one of them has taken from its heap until now; NaN without a heap. */
    double allocationKilobytesPerSecond() throws IOException {
        double seconds = (System.nanoTime() - start) / 1e9;
        double most = Double.NaN;
        for (int i = 0; i < tunnels.size(); i++) {
            double bytes = tunnels.get(i).allocatedBytes() - allocated.get(i);
            most = larger(most, bytes / 1e3 / seconds);
        }
        return most;
    }

    /** The resident memory that the largest had at its height; NaN without a process. */
    double peakMegabytes() throws IOException {
        double most = Double.NaN;
        for (Tunnel tunnel : tunnels) {
            most = larger(most, tunnel.peakMegabytes());
        }
        return most;
    }

    /** What is resident now, of the largest; NaN without a process. */
    static double residentMegabytes(List<? extends Tunnel> tunnels) throws IOException {
        double most = Double.NaN;
        for (Tunnel tunnel : tunnels) {
            most = larger(most, tunnel.residentMegabytes());
        }
        return most;
    }

    private static double larger(double most, double next) {
        return Double.isNaN(most) ? next : Math.max(most, next);
    }
}
