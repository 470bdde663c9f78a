"""What cameras see: viewsheds, demand, figures, gaps, who sees a place."""
