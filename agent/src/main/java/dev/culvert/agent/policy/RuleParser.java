package dev.culvert.agent.policy;

import dev.culvert.agent.policy.Fields.Invalid;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Reads the rules of a policy: peers and ports. Stateless. */
final class RuleParser {
    private static final int LARGEST_PORT = 65_535;
    private static final int LONGEST_NAME = 15;
    private static final Pattern PREFIX_LENGTH = Pattern.compile("[0-9]{1,3}");

    /** RFC 6335, section 5.1, in small letters. */
    private static final Pattern PORT_NAME =
            Pattern.compile("(?=[a-z0-9-]*[a-z])[a-z0-9]+(-[a-z0-9]+)*");

    private RuleParser() {}

    /** The rules in this list. */
    static List<PolicyRule> parse(Fields list, String peerField) throws Invalid {
        List<PolicyRule> rules = new ArrayList<>();
        for (Fields each : list.items()) {
            Fields rule = each.object();
            List<PolicyPeer> peers = new ArrayList<>();
            for (Fields peer : rule.field(peerField).items()) {
                peers.add(peer(peer.object()));
            }
            List<PolicyPort> ports = new ArrayList<>();
            for (Fields port : rule.field("ports").items()) {
                ports.add(port(port.object()));
            }
            rules.add(new PolicyRule(peers, ports));
        }
        return rules;
    }

    private static PolicyPeer peer(Fields peer) throws Invalid {
        Fields block = peer.field("ipBlock");
        Fields pods = peer.field("podSelector");
        Fields namespaces = peer.field("namespaceSelector");
        boolean byLabels = !pods.isAbsent() || !namespaces.isAbsent();
        if (block.isAbsent() != byLabels) {
            throw peer.invalid(
                    byLabels
                            ? "has an ipBlock together with a selector: write two peers"
                            : "names nobody: give it an ipBlock, a podSelector or a"
                                    + " namespaceSelector");
        }
        return byLabels ? new PolicyPeer.Pods(orNull(namespaces), orAll(pods)) : block(block);
    }

    private static LabelSelector orAll(Fields selector) throws Invalid {
        return selector.isAbsent() ? LabelSelector.ALL : SelectorParser.parse(selector);
    }

    private static @Nullable LabelSelector orNull(Fields selector) throws Invalid {
        return selector.isAbsent() ? null : SelectorParser.parse(selector);
    }

    private static PolicyPeer block(Fields fields) throws Invalid {
        Cidr block = cidr(fields.object().field("cidr"));
        List<Cidr> except = new ArrayList<>();
        for (Fields each : fields.field("except").items()) {
            Cidr hole = cidr(each);
            if (!block.contains(hole) || hole.equals(block)) {
                throw each.invalid("is %s, which is no part of %s".formatted(hole, block));
            }
            except.add(hole);
        }
        return new PolicyPeer.Block(block, except);
    }

    /** The API takes networks whose host bits are set, and means the network. */
    private static Cidr cidr(Fields field) throws Invalid {
        String text = field.text();
        int slash = text.indexOf('/');
        String length = text.substring(slash + 1);
        if (slash < 0 || !PREFIX_LENGTH.matcher(length).matches()) {
            throw field.invalid(
                    "is %s, which is no CIDR such as 10.0.0.0/8".formatted(field.shown()));
        }
        try {
            var address = IpAddresses.parse(text.substring(0, slash));
            int bits = Integer.parseInt(length);
            if (bits > IpFamily.of(address).addressBits()) {
                throw field.invalid("is %s, whose prefix is too long".formatted(field.shown()));
            }
            return Cidr.containing(address, bits);
        } catch (IllegalArgumentException e) {
            throw field.invalid("is no CIDR: " + e.getMessage());
        }
    }

    private static PolicyPort port(Fields fields) throws Invalid {
        Protocol protocol = protocol(fields.field("protocol"));
        Fields port = fields.field("port");
        Fields end = fields.field("endPort");
        if (port.isAbsent() || port.json().isString()) {
            if (!end.isAbsent()) {
                throw end.invalid("needs a port that is a number");
            }
            return port.isAbsent()
                    ? PolicyPort.all(protocol)
                    : PolicyPort.named(protocol, name(port));
        }
        int first = number(port);
        int last = end.isAbsent() ? first : number(end);
        if (last < first) {
            throw end.invalid("is %d, which is less than the port, %d".formatted(last, first));
        }
        return PolicyPort.range(protocol, first, last);
    }

    private static Protocol protocol(Fields field) throws Invalid {
        if (field.isAbsent()) {
            return Protocol.TCP;
        }
        for (Protocol protocol : Protocol.values()) {
            if (protocol.name().equals(field.text())) {
                return protocol;
            }
        }
        throw field.invalid("is %s, not TCP, UDP or SCTP".formatted(field.shown()));
    }

    private static String name(Fields field) throws Invalid {
        String name = field.text();
        if (name.length() > LONGEST_NAME || !PORT_NAME.matcher(name).matches()) {
            throw field.invalid(
                    "is %s, which is no name of a port: at most 15 small letters, digits and"
                                    .formatted(field.shown())
                            + " hyphens, with a letter");
        }
        return name;
    }

    private static int number(Fields field) throws Invalid {
        JsonNode json = field.json();
        if (!json.isIntegralNumber() || !json.canConvertToInt()) {
            throw field.invalid("is %s, which is no port".formatted(field.shown()));
        }
        int port = json.asInt();
        if (port < 1 || port > LARGEST_PORT) {
            throw field.invalid("is %d, which is not from 1 to 65535".formatted(port));
        }
        return port;
    }
}
