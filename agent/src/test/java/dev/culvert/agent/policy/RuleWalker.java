package dev.culvert.agent.policy;

import dev.culvert.agent.policy.World.Packet;
import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Sends a packet through the rules of table filter as {@code iptables-save} and {@code ipset save}
 * print them. Knows the conditions that policies are made of, and refuses all others. Immutable.
 */
final class RuleWalker {
    private final Map<String, List<List<String>>> chains = new HashMap<>();
    private final Map<String, Set<String>> sets = new HashMap<>();

    RuleWalker(String savedRules, String savedSets) {
        chains.put("FORWARD", new ArrayList<>());
        savedRules.lines().forEach(this::readRule);
        savedSets.lines().forEach(this::readSet);
    }

    private void readRule(String line) {
        if (line.startsWith(":")) {
            chains.putIfAbsent(line.substring(1, line.indexOf(' ')), new ArrayList<>());
        } else if (line.startsWith("-A ")) {
            List<String> words = new ArrayList<>(words(line));
            chains.computeIfAbsent(words.get(1), _ -> new ArrayList<>())
                    .add(words.subList(2, words.size()));
        }
    }

    private static List<String> words(String line) {
        List<String> words = new ArrayList<>();
        String[] quoted = line.split("\"", -1);
        for (int i = 0; i < quoted.length; i++) {
            if (i % 2 == 1) {
                words.add(quoted[i]);
            } else if (!quoted[i].isBlank()) {
                words.addAll(List.of(quoted[i].strip().split(" +")));
            }
        }
        return words;
    }

    private void readSet(String line) {
        String[] words = line.split(" ", 3);
        Set<String> members = sets.computeIfAbsent(words[1], _ -> new HashSet<>());
        if (words[0].equals("add")) {
            members.add(words[2]);
        }
    }

    /** Whether the first packet of a connection is forwarded. */
    boolean passes(Packet packet) {
        return passes(packet, true);
    }

    /** The same for one in the middle of a connection that is not known any more. */
    boolean passesWithoutConnection(Packet packet) {
        return passes(packet, false);
    }

    private boolean passes(Packet packet, boolean first) {
        return !"DROP".equals(walk("FORWARD", packet, first));
    }

    private String walk(String chain, Packet packet, boolean first) {
        List<List<String>> rules = chains.get(chain);
        if (rules == null) {
            throw new AssertionError("no chain " + chain);
        }
        for (List<String> rule : rules) {
            Deque<String> words = new ArrayDeque<>(rule);
            if (!matches(words, packet, first)) {
                continue;
            }
            String way = words.poll();
            String target = words.poll();
            if (way == null || target == null) {
                throw new AssertionError("no target in " + rule);
            }
            String verdict =
                    switch (target) {
                        case "DROP", "RETURN" -> target;
                        default -> walk(target, packet, first);
                    };
            if (verdict.equals("DROP") || target.equals("RETURN") || way.equals("-g")) {
                return verdict.equals("DROP") ? verdict : "";
            }
        }
        return "";
    }

    /** Takes the words up to the target. */
    private boolean matches(Deque<String> words, Packet packet, boolean first) {
        boolean all = true;
        while (!words.isEmpty() && !Set.of("-j", "-g").contains(words.peek())) {
            boolean wanted = true;
            String word = words.remove();
            if (word.equals("!")) {
                wanted = false;
                word = words.remove();
            }
            if (word.equals("-m")) {
                words.remove();
                continue;
            }
            if (words.peek() != null && words.peek().equals("!")) {
                throw new AssertionError("where does this ! belong: " + words);
            }
            all &= condition(word, words, packet, first) == wanted;
        }
        return all;
    }

    private boolean condition(String word, Deque<String> words, Packet packet, boolean first) {
        return switch (word) {
            case "-s" -> SpecOracle.inCidr(words.remove(), packet.from());
            case "-d" -> SpecOracle.inCidr(words.remove(), packet.to());
            case "-p" -> words.remove().equalsIgnoreCase(packet.protocol());
            case "--dport" -> inRange(words.remove(), packet.port());
            case "--syn" -> first;
            case "--match-set" -> inSet(words.remove(), words.remove(), packet);
            case "--comment" -> !words.remove().isEmpty();
            case "--ctstate" -> words.remove().isEmpty();
            case "--icmpv6-type" -> words.remove().equals(packet.port() + "");
            default -> throw new AssertionError("unknown condition " + word);
        };
    }

    private static boolean inRange(String range, int port) {
        String[] ends = range.split(":", 2);
        return port >= Integer.parseInt(ends[0]) && port <= Integer.parseInt(ends[ends.length - 1]);
    }

    private boolean inSet(String name, String fields, Packet packet) {
        Set<String> members = sets.get(name);
        if (members == null) {
            throw new AssertionError("no set " + name);
        }
        if (fields.equals("dst,dst")) {
            String member =
                    "%s,%s:%d"
                            .formatted(
                                    canonical(packet.to()),
                                    packet.protocol().toLowerCase(Locale.ROOT),
                                    packet.port());
            return members.contains(member);
        }
        return contains(members, fields.equals("src") ? packet.from() : packet.to());
    }

    /** The member with the longest prefix decides. */
    private static boolean contains(Set<String> members, String address) {
        int longest = -1;
        boolean in = false;
        for (String member : members) {
            String network = member.replace(" nomatch", "");
            int slash = network.indexOf('/');
            int length = slash < 0 ? 128 : Integer.parseInt(network.substring(slash + 1));
            String cidr = slash < 0 ? network + (network.contains(":") ? "/128" : "/32") : network;
            if (length > longest && SpecOracle.inCidr(cidr, address)) {
                longest = length;
                in = !member.endsWith(" nomatch");
            }
        }
        return in;
    }

    private static String canonical(String address) {
        return InetAddress.ofLiteral(address).getHostAddress();
    }
}
