package dev.culvert.agent.kube;

import dev.culvert.agent.state.VtepAnnouncement;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All annotations by which nodes tell of their tunnel endpoints: Culvert's own, and flannel's where
 * its nodes are peers. Immutable, any thread.
 */
public final class NodeAnnotations {
    private final @Nullable FlannelAnnotations flannel;
    private final Set<String> keys;

    private NodeAnnotations(@Nullable FlannelAnnotations flannel) {
        this.flannel = flannel;
        Set<String> all = new HashSet<>(Set.of(VtepAnnotation.KEY));
        if (flannel != null) {
            all.addAll(FlannelAnnotations.KEYS);
        }
        this.keys = Set.copyOf(all);
    }

    /** Culvert's own. */
    public static NodeAnnotations culvert() {
        return new NodeAnnotations(null);
    }

    /**
     * Culvert's and flannel's.
     *
     * @param port the UDP port of the flannel nodes
     */
    public static NodeAnnotations withFlannel(int port) {
        return new NodeAnnotations(new FlannelAnnotations(port));
    }

    /** Those of {@code annotations} that mean something here. */
    Map<String, String> relevant(@Nullable Map<String, String> annotations) {
        Map<String, String> kept = new LinkedHashMap<>();
        if (annotations != null) {
            for (String key : keys) {
                String text = annotations.get(key);
                if (text != null) {
                    kept.put(key, text);
                }
            }
        }
        return kept;
    }

    /**
     * The endpoint that a node announces, or null for none.
     *
     * <p>Where flannel's say something they count, since a node that went back to flannel still has
     * ours; ours then only tells what else an agent can do.
     *
     * @throws IllegalArgumentException saying what is wrong
     */
    @Nullable VtepAnnouncement read(Map<String, String> annotations) {
        VtepAnnouncement foreign = flannel == null ? null : flannel.read(annotations);
        String text = annotations.get(VtepAnnotation.KEY);
        if (foreign == null) {
            return text == null ? null : own(text);
        }
        VtepAnnouncement own = text == null ? null : ownIfLegible(text);
        boolean same =
                own != null
                        && own.address().equals(foreign.address())
                        && own.mac().equals(foreign.mac())
                        && own.vni() == foreign.vni();
        return same ? own : foreign;
    }

    private static VtepAnnouncement own(String text) {
        try {
            return VtepAnnotation.read(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "%s is malformed: %s value=%s"
                            .formatted(VtepAnnotation.KEY, e.getMessage(), text),
                    e);
        }
    }

    private static @Nullable VtepAnnouncement ownIfLegible(String text) {
        try {
            return VtepAnnotation.read(text);
        } catch (IllegalArgumentException _) {
            return null;
        }
    }

    /**
     * What to write for an endpoint of this node.
     *
     * @param present what the Node says now
     * @throws IllegalArgumentException saying what is wrong with an annotation of an operator's
     */
    Map<String, String> write(VtepAnnouncement vtep, Map<String, String> present) {
        Map<String, String> annotations = new LinkedHashMap<>();
        if (flannel == null) {
            annotations.put(VtepAnnotation.KEY, VtepAnnotation.write(vtep));
            return annotations;
        }
        VtepAnnouncement announced =
                vtep.at(FlannelAnnotations.overwritten(vtep.address(), present));
        annotations.put(VtepAnnotation.KEY, VtepAnnotation.write(announced));
        annotations.putAll(flannel.write(announced));
        return annotations;
    }
}
