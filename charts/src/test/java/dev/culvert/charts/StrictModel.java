package dev.culvert.charts;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.introspect.Annotated;
import tools.jackson.databind.introspect.JacksonAnnotationIntrospector;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads objects as the API server does with strict field validation: a field that the kind does not
 * have is an error, and so is a text where a number belongs. Immutable, any thread.
 *
 * <p>The model's classes keep fields that they do not know in a map. Here they are not asked to.
 */
final class StrictModel {
    private static final Map<String, Class<?>> KINDS =
            Map.ofEntries(
                    Map.entry("v1/ServiceAccount", ServiceAccount.class),
                    Map.entry("v1/ConfigMap", ConfigMap.class),
                    Map.entry("v1/Service", Service.class),
                    Map.entry("v1/Pod", Pod.class),
                    Map.entry("v1/ResourceQuota", ResourceQuota.class),
                    Map.entry("apps/v1/DaemonSet", DaemonSet.class),
                    Map.entry("rbac.authorization.k8s.io/v1/ClusterRole", ClusterRole.class),
                    Map.entry(
                            "rbac.authorization.k8s.io/v1/ClusterRoleBinding",
                            ClusterRoleBinding.class),
                    Map.entry("monitoring.coreos.com/v1/PodMonitor", monitoring("PodMonitor")),
                    Map.entry(
                            "monitoring.coreos.com/v1/ServiceMonitor",
                            monitoring("ServiceMonitor")),
                    Map.entry(
                            "monitoring.coreos.com/v1/PrometheusRule",
                            monitoring("PrometheusRule")));

    private static final JsonMapper STRICT =
            JsonMapper.builder()
                    .annotationIntrospector(new KeepsNothingUnknown())
                    .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                    .build();

    private StrictModel() {}

    /** By name: their class files speak of an older Jackson, which the compiler would miss. */
    private static Class<?> monitoring(String kind) {
        try {
            return Class.forName("io.fabric8.openshift.api.model.monitoring.v1." + kind);
        } catch (ClassNotFoundException e) {
            throw new LinkageError(kind, e);
        }
    }

    /** The object as the class of its kind. */
    static Object read(JsonNode object) {
        String kind = object.path("apiVersion").asString() + "/" + object.path("kind").asString();
        Class<?> type = KINDS.get(kind);
        if (type == null) {
            throw new IllegalArgumentException("the chart makes no " + kind);
        }
        return STRICT.treeToValue(object, type);
    }

    private static final class KeepsNothingUnknown extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(MapperConfig<?> config, Annotated annotated) {
            return false;
        }

        /** The older model says in the older Jackson's words that it has none. */
        @Override
        public @Nullable Object findDeserializer(MapperConfig<?> config, Annotated annotated) {
            boolean older = annotated.getRawType().getName().startsWith("io.fabric8.openshift.");
            return older ? null : super.findDeserializer(config, annotated);
        }
    }
}
