package dev.culvert.iptables;

import java.util.regex.Pattern;

/** What names may look like, and which are ours. Stateless, any thread. */
final class Names {
    /** Begins the names of all chains and sets that belong to Culvert. */
    static final String PREFIX = "CULVERT-";

    /** {@code XT_EXTENSION_MAXNAMELEN} less the final zero. */
    private static final int CHAIN_LENGTH = 28;

    /** {@code IPSET_MAXNAMELEN} less the final zero. */
    private static final int SET_LENGTH = 31;

    private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9_.:-]+");

    private Names() {}

    static boolean isOurs(String name) {
        return name.startsWith(PREFIX);
    }

    /** Any chain's name, ours or not. */
    static String checkChain(String name) {
        return check(name, CHAIN_LENGTH, "chain");
    }

    static String checkOurChain(String name) {
        return checkOurs(checkChain(name), "chain");
    }

    /** Any set's name, ours or not. */
    static String checkSet(String name) {
        return check(name, SET_LENGTH, "set");
    }

    static String checkOurSet(String name) {
        return checkOurs(checkSet(name), "set");
    }

    private static String check(String name, int length, String kind) {
        if (!ALLOWED.matcher(name).matches() || name.startsWith("-")) {
            throw new IllegalArgumentException(
                    "'%s' is no name of a %s: use letters, digits and _ . : - only"
                            .formatted(name, kind));
        }
        if (name.length() > length) {
            throw new IllegalArgumentException(
                    "'%s' is too long for the name of a %s: %d characters, at most %d are possible"
                            .formatted(name, kind, name.length(), length));
        }
        return name;
    }

    private static String checkOurs(String name, String kind) {
        if (!isOurs(name)) {
            throw new IllegalArgumentException(
                    "the %s '%s' must have a name that begins with %s, by which its owner is known"
                            .formatted(kind, name, PREFIX));
        }
        return name;
    }
}
