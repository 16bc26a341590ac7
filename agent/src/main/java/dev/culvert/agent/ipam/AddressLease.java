package dev.culvert.agent.ipam;

import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The addresses that one endpoint holds: one of each family that the node has. Immutable.
 *
 * <p>Its text form is the alias of the endpoint's host veth, and the line of the journal: {@code
 * culvert:v1 CONTAINERID IFNAME IP[,IP] [NAMESPACE/POD]}, at most {@value #MAX_ALIAS_BYTES} bytes.
 * The pod is for people only and is cut when it does not fit.
 *
 * @param endpoint who holds them
 * @param addresses what is held
 * @param pod {@code namespace/name}, empty when the runtime did not tell
 */
public record AddressLease(Endpoint endpoint, List<InetAddress> addresses, String pod) {
    /** What fits into an interface alias ({@code IFALIASZ} - 1 in {@code linux/if.h}). */
    public static final int MAX_ALIAS_BYTES = 255;

    private static final String MARK = "culvert:v1";

    /** Copies the list. */
    public AddressLease {
        addresses = List.copyOf(addresses);
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("a lease of " + endpoint + " without an address");
        }
    }

    /** The text form. */
    public String alias() {
        String fixed =
                "%s %s %s %s"
                        .formatted(
                                MARK,
                                endpoint.containerId(),
                                endpoint.ifName(),
                                addresses.stream()
                                        .map(InetAddress::getHostAddress)
                                        .collect(Collectors.joining(",")));
        return pod.isEmpty() ? fixed : cut(fixed + " " + pod);
    }

    /** The lease that {@code alias} is the text form of; empty if it is none of ours. */
    public static Optional<AddressLease> ofAlias(String alias) {
        String[] words = alias.split(" ", 5);
        if (words.length < 4 || !words[0].equals(MARK)) {
            return Optional.empty();
        }
        try {
            List<InetAddress> addresses =
                    Arrays.stream(words[3].split(",", -1)).map(IpAddresses::parse).toList();
            String pod = words.length == 5 ? words[4] : "";
            return Optional.of(new AddressLease(new Endpoint(words[1], words[2]), addresses, pod));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    private static String cut(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length <= MAX_ALIAS_BYTES) {
            return text;
        }
        int end = MAX_ALIAS_BYTES;
        while ((bytes[end] & 0xc0) == 0x80) {
            end--; // not in the middle of a character
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return endpoint + " " + addresses.stream().map(InetAddress::getHostAddress).toList();
    }
}
