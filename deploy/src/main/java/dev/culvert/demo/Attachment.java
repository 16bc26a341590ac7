package dev.culvert.demo;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the CNI executable answered to ADD, as far as the demo needs it. Immutable, any thread.
 *
 * @param address the pod's own address, without the prefix length
 * @param hostInterface the first interface that is not in the pod, or an empty text
 * @see <a href="https://www.cni.dev/docs/spec/#section-5-result-types">CNI result types</a>
 */
record Attachment(String address, String hostInterface) {
    private static final Pattern ADDRESS =
            Pattern.compile("\"address\"\\s*:\\s*\"([0-9a-fA-F.:]+)/[0-9]+\"");
    private static final Pattern VETH = Pattern.compile("\"name\"\\s*:\\s*\"(cv[0-9a-f]+)\"");

    /** Reads a result object. */
    static Attachment parse(String json) throws DemoException {
        Matcher address = ADDRESS.matcher(json);
        if (!address.find()) {
            throw new DemoException("the CNI result holds no address: " + json.strip());
        }
        Matcher veth = VETH.matcher(json);
        return new Attachment(address.group(1), veth.find() ? veth.group(1) : "");
    }
}
