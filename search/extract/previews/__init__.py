"""Pictures of documents and images, drawn in children with small limits."""
