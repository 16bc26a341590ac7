/**
 * What the offloads must amount to, written from the RFCs and the kernel's documentation without
 * any use of the code under test: slow, simple, on arrays.
 */
@NullMarked
package dev.culvert.overlay.model;

import org.jspecify.annotations.NullMarked;
