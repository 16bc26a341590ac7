/** Throw-away network namespaces for tests. */
@NullMarked
package dev.culvert.linux.testing;

import org.jspecify.annotations.NullMarked;
