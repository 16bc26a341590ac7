package dev.culvert.overlay;

import dev.culvert.linux.tun.TunFeatures;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Remembers which features were asked for, and why those that are off are off. A feature that is
 * off in one loop counts as off. Any thread.
 */
final class FeatureRegister {
    private static final String NOT_GRANTED = "the kernel does not grant it to the TUN device";

    private final Set<Feature> wanted = EnumSet.noneOf(Feature.class);

    /** Null for what nothing speaks against. */
    private final AtomicReferenceArray<String> reasons =
            new AtomicReferenceArray<>(Feature.values().length);

    FeatureRegister(OverlayConfig.Offload offload, boolean icmpErrors) {
        TunFeatures tun = offload.tun();
        want(Feature.TUN_CHECKSUM, tun.checksum());
        want(Feature.TUN_TCP4, tun.tcp4());
        want(Feature.TUN_TCP6, tun.tcp6());
        want(Feature.TUN_UDP, tun.udp());
        want(Feature.UDP_SEGMENTATION, offload.udpSegmentation());
        want(Feature.UDP_RECEIVE_OFFLOAD, offload.udpCoalescing());
        want(Feature.COALESCING, offload.coalescing());
        want(Feature.REMOTE_CHECKSUM, offload.remoteChecksum());
        want(Feature.ICMP_ERRORS, icmpErrors);
    }

    private void want(Feature feature, boolean asked) {
        if (asked) {
            wanted.add(feature);
        }
    }

    /** Takes down what a TUN queue was granted of what it was asked for. */
    void grant(TunFeatures granted) {
        grant(Feature.TUN_CHECKSUM, granted.checksum());
        grant(Feature.TUN_TCP4, granted.tcp4());
        grant(Feature.TUN_TCP6, granted.tcp6());
        grant(Feature.TUN_UDP, granted.udp());
    }

    private void grant(Feature feature, boolean granted) {
        if (!granted) {
            switchOff(feature, NOT_GRANTED);
        }
    }

    /**
     * Takes down that a feature is off from now on. The first reason stays.
     *
     * @param reason a clause
     */
    void switchOff(Feature feature, String reason) {
        reasons.compareAndSet(feature.slot(), null, reason);
    }

    /** All of them now. */
    OverlayFeatures snapshot() {
        Map<Feature, OverlayFeatures.State> states = new EnumMap<>(Feature.class);
        for (Feature feature : Feature.values()) {
            String reason = reasons.get(feature.slot());
            boolean asked = wanted.contains(feature);
            states.put(
                    feature,
                    new OverlayFeatures.State(
                            asked, asked && reason == null, asked && reason != null ? reason : ""));
        }
        return new OverlayFeatures(states);
    }
}
