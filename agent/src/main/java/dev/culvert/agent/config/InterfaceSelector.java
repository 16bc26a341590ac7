package dev.culvert.agent.config;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Which of the node's interfaces and addresses an operator means: by name, by the network of the
 * address, or by a regular expression for the name. Immutable, any thread.
 *
 * @param text as it was written; empty selects nothing
 * @param network what the address must be in, or null
 * @param name what the whole name must match, or null
 */
public record InterfaceSelector(String text, @Nullable Cidr network, @Nullable Pattern name) {
    private static final Pattern LINK_NAME = Pattern.compile("[^\\s/]{1,15}");

    /** Selects nothing. */
    public static final InterfaceSelector NONE = new InterfaceSelector("", null, null);

    /**
     * Reads a name such as {@code eth1}, a CIDR such as {@code 192.0.2.0/24} or a regular
     * expression between slashes such as {@code /en[0-9]+/}.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    public static InterfaceSelector parse(String text) {
        if (text.isEmpty()) {
            return NONE;
        }
        if (text.length() > 2 && text.startsWith("/") && text.endsWith("/")) {
            return new InterfaceSelector(text, null, expression(text));
        }
        if (text.contains("/")) {
            return new InterfaceSelector(text, Cidr.parse(text), null);
        }
        if (!LINK_NAME.matcher(text).matches()) {
            throw new IllegalArgumentException("an interface name has 1 to 15 characters");
        }
        return new InterfaceSelector(text, null, Pattern.compile(Pattern.quote(text)));
    }

    private static Pattern expression(String text) {
        try {
            return Pattern.compile(text.substring(1, text.length() - 1));
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("the regular expression " + e.getDescription(), e);
        }
    }

    /** Whether anything is selected. */
    public boolean isSet() {
        return network != null || name != null;
    }

    /** Whether an interface with this name and address is meant. */
    public boolean selects(String linkName, InetAddress address) {
        return (network != null && network.contains(address))
                || (name != null && name.matcher(linkName).matches());
    }

    /** Patterns compare by identity: the text says it all. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof InterfaceSelector that && that.text.equals(text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
