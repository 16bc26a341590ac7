package dev.culvert.agent.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.culvert.net.MacAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * An interface of a pod as it should be. Immutable.
 *
 * @param hostVeth the name of the node's end, from {@link #hostVeth(String, String)}
 * @param ifName the name of the pod's end
 * @param podMac the hardware address of the pod's end
 * @param addresses the pod's addresses, at least one, at most one a family
 * @param bridge the name of the bridge that the node's end is a port of
 * @param mtu bytes of the largest IP packet
 * @param gsoMaxSize bytes of the largest super-packet
 * @param bandwidth how fast the pod may receive and send
 * @param alias the text that the node's end carries from its first moment
 */
public record Attachment(
        String hostVeth,
        String ifName,
        MacAddress podMac,
        List<PodAddress> addresses,
        String bridge,
        int mtu,
        int gsoMaxSize,
        Bandwidth bandwidth,
        String alias) {
    private static final int HASH_DIGITS = 11; // with "cv" the 13th of IFNAMSIZ - 1 = 15 bytes

    /** Copies the list. */
    public Attachment {
        addresses = List.copyOf(addresses);
    }

    /**
     * The name of the node's end for this interface of this container: found again without any
     * memory of it.
     */
    public static String hostVeth(String containerId, String ifName) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest((containerId + "/" + ifName).getBytes(UTF_8));
            return "cv" + HexFormat.of().formatHex(hash).substring(0, HASH_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** Whether {@code name} has the form of {@link #hostVeth(String, String)}. */
    static boolean isHostVeth(String name) {
        return name.matches("cv[0-9a-f]{" + HASH_DIGITS + "}");
    }

    /** The hardware address of the node's end. */
    public MacAddress hostMac() {
        return MacAddress.ofName(hostVeth);
    }
}
